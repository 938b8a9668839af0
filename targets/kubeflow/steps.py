"""Components and executors of steps: one of each for every step, so that no two are alike.

The API server takes components with equal containers for one and the same, whatever their inputs:
`--step` on the command line keeps containers apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyReference
from headrace.compiler.settings import StepSettings
from headrace.compiler.source import Span
from headrace.targets.accelerators import Placement, place
from headrace.targets.asked_devices import device_variables
from headrace.targets.inline_code import command, config_map_names
from headrace.targets.kubeflow import manifest
from headrace.targets.kubeflow.carried import CarriedPod, carried
from headrace.targets.kubeflow.names import Names, parameter_name
from headrace.targets.kubeflow.pods import executor_config
from headrace.targets.kubeflow.scope import STORE, Callee, ParameterTypes, Types, definitions
from headrace.targets.step_command import glue_names, step_arguments


@dataclass(frozen=True)
class StepParts:
    """What a step is in the two documents, and how DAGs call it."""

    component: manifest.Component
    executor: manifest.Executor
    config: manifest.ExecutorConfig
    callee: Callee


def step_parts(
    node: ir.Call | ir.Compute,
    name: str,
    pipeline: ir.Pipeline,
    types: ParameterTypes,
    further: Types,
) -> StepParts:
    """Return the parts of `node` as the component `name`; `further` inputs are read by no step."""
    inputs = _inputs(node, pipeline, further)
    names = Names("_")
    keys = {output.name: names.take(parameter_name(output.name)) for output in node.outputs}
    made: dict[AnyReference, str] = {
        ir.Output(node=node.id, name=output): key for output, key in keys.items()
    }
    label = executor_label(name)
    placement = place(node.settings, pipeline.settings)
    pod = carried(node.settings, placement)
    component = manifest.Component(
        input_definitions=definitions({n: types.of(r) for r, n in inputs.items()} | dict(further)),
        output_definitions=definitions({key: types.of(r) for r, key in made.items()}),
        executor_label=label,
    )
    return StepParts(
        component=component,
        executor=_executor(
            # What the API server keeps containers apart by is as unique as the component.
            node.replace(id=name.removeprefix("comp-")),
            pipeline,
            placement,
            inputs,
            keys,
            types,
            pod,
        ),
        config=executor_config(
            placement,
            pod,
            node,
            config_map_names(pipeline) if node.settings.code == "inline" else {},
        ),
        callee=Callee(name, {n: r for r, n in inputs.items()}, made, retries=node.settings.retries),
    )


def executor_label(component: str) -> str:
    """Return what the executor of `component` is called."""
    return f"exec-{component.removeprefix('comp-')}"


def handing_on(
    id: str, values: Mapping[str, AnyReference], settings: StepSettings, span: Span
) -> ir.Compute:
    """Return a step that only gives `values` on, each as an output of that name."""
    # `caught` in an expression is what the step itself caught.
    names = Names("_", taken=["caught"])
    sources = [names.take(name) for name in values]
    outputs = tuple(
        ir.OutputSpec(name=name, expression=ir.Glue(source=source, names=((source, value),)))
        for source, (name, value) in zip(sources, values.items(), strict=True)
    )
    return ir.Compute(id=id, outputs=outputs, settings=settings, span=span)


def _inputs(
    node: ir.Call | ir.Compute, pipeline: ir.Pipeline, further: Mapping[str, object]
) -> dict[AnyReference, str]:
    """Return the input of each value that `node` receives; constants stand on its command line."""
    wanted: list[tuple[str, AnyReference]] = []
    if isinstance(node, ir.Call):
        wanted += [(a.name, a.value) for a in node.arguments if not isinstance(a.value, ir.Glue)]
    wanted += glue_names(node).items()
    if pipeline.settings.store is None:
        wanted.append((STORE.name, STORE))
    names = Names("_", taken=further)
    inputs: dict[AnyReference, str] = {}
    for name, reference in wanted:
        if not isinstance(reference, ir.Const) and reference not in inputs:
            wanted_name = name if reference == STORE else parameter_name(name)
            inputs[reference] = names.take(wanted_name)
    return inputs


def _executor(
    node: ir.Call | ir.Compute,
    pipeline: ir.Pipeline,
    placement: Placement,
    inputs: Mapping[AnyReference, str],
    keys: Mapping[str, str],
    types: ParameterTypes,
    pod: CarriedPod,
) -> manifest.Executor:
    def spell(reference: AnyReference) -> str:
        if isinstance(reference, ir.Const):
            return reference.text
        mark = "*" if types.of(reference) == "LIST" else ""
        return f"{mark}{input_placeholder(inputs[reference])}"

    paths = {output: output_placeholder(key) for output, key in keys.items()}
    arguments = step_arguments(node, spell, paths)
    if STORE in inputs:
        arguments = [f"--store={spell(STORE)}", *arguments]
    return manifest.Executor(
        container=manifest.Container(
            image=node.settings.image,
            command=command(inline=node.settings.code == "inline"),
            args=tuple(arguments),
            env=_environment(node.settings, placement, pod, pipeline),
            resources=pod.resources,
        )
    )


def input_placeholder(name: str) -> str:
    """Return what stands for the input `name` on a command line."""
    return f"{{{{$.inputs.parameters['{name}']}}}}"


def output_placeholder(name: str) -> str:
    """Return what stands for the file of the output `name` on a command line."""
    return f"{{{{$.outputs.parameters['{name}'].output_file}}}}"


def _environment(
    settings: StepSettings, placement: Placement, pod: CarriedPod, pipeline: ir.Pipeline
) -> tuple[manifest.EnvironmentVariable, ...]:
    values = {
        **pod.variables,
        **device_variables(settings, placement),
        "HEADRACE_CODE": pipeline.code.digest,
        "HEADRACE_MODULES": ",".join(pipeline.code.modules),
    }
    if pipeline.code.imported_first is not None:
        values["HEADRACE_IMPORT"] = pipeline.code.imported_first
    if pipeline.settings.store is not None:
        values["HEADRACE_STORE"] = pipeline.settings.store.replace("$", "$$")
    return tuple(manifest.EnvironmentVariable(name=n, value=v) for n, v in values.items())
