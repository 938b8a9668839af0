"""Lets the steps that may make a run's result print it: the API gives no value of any output."""

from collections.abc import Iterator, Mapping

from headrace.targets.kubeflow import manifest
from headrace.targets.kubeflow.steps import output_placeholder


def printing_result(
    result: str,
    root: manifest.Component,
    components: Mapping[str, manifest.Component],
    executors: Mapping[str, manifest.Executor],
) -> dict[str, manifest.Executor]:
    """Return `executors`, of which those print their output that may make `result` of `root`.

    Of several, such as the arms of a branch, one runs.
    """
    told = dict(executors)
    for label, key in _makers(root, result, components):
        container = told[label].container
        args = list(container.args)
        (name,) = (
            argument.removeprefix("--output=").partition("=")[0]
            for argument in args
            if argument.startswith("--output=") and argument.endswith(output_placeholder(key))
        )
        step = next(i for i, argument in enumerate(args) if argument.startswith("--step="))
        args.insert(step + 1, f"--result={name}")
        told[label] = manifest.Executor(container=container.replace(args=tuple(args)))
    return told


def _makers(
    component: manifest.Component, output: str, components: Mapping[str, manifest.Component]
) -> Iterator[tuple[str, str]]:
    """Yield the executors, with the key of their output, of which one makes `output`."""
    if component.executor_label is not None:
        yield component.executor_label, output
    elif component.dag is not None and component.dag.outputs is not None:
        made = component.dag.outputs.parameters.get(output)
        if made is None:
            return
        one, several = made.value_from_parameter, made.value_from_oneof
        for selector in several.parameter_selectors if several else (one,) if one else ():
            task = component.dag.tasks[selector.producer_subtask]
            callee = components[task.component_ref.name]
            yield from _makers(callee, selector.output_parameter_key, components)
