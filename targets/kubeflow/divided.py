"""All DAGs of a pipeline, those divided that are too large for one driver."""

from collections.abc import Iterator, Mapping

from headrace.compiler.source import Span
from headrace.targets.kubeflow import manifest
from headrace.targets.kubeflow.names import Names
from headrace.targets.kubeflow.parts import Division, is_too_long


def divided(
    components: Mapping[str, manifest.Component],
    names: Names,
    spans: dict[str, Span],
    longest: int,
) -> dict[str, manifest.Component]:
    """Return `components` so that a driver's arguments for a DAG have at most `longest` bytes.

    The first one is the root. Each part is a component with a name of `names` and a place in
    `spans`. A DAG that cannot be divided stays as it is.
    """
    large = [name for name, component in components.items() if is_too_long(component, longest)]
    if not large:
        return dict(components)
    found = dict(components)
    bodies = {task.component_ref.name for task in _tasks(found) if task.parameter_iterator}
    for name in large:
        while is_too_long(found[name], longest):
            component = found[name]
            made = {other: c.output_definitions for other, c in found.items()}
            # What a loop gathers has to come from containers of the body itself.
            kept = _producers(component) if name in bodies else set()
            division = Division(component, made, kept, longest)
            if not division.is_of_use:
                break
            part_names = {}
            for number, run, part in division.parts():
                part_names[number] = names.take(f"comp-{name.removeprefix('comp-')}-part")
                found[part_names[number]] = part
                spans[part_names[number]] = spans[_called(component, run[0])]
            found[name] = division.component(part_names)
    return {name: found[name] for name in _as_read(found, next(iter(components)))}


def _tasks(components: Mapping[str, manifest.Component]) -> Iterator[manifest.Task]:
    for component in components.values():
        yield from (component.dag.tasks.values() if component.dag else ())


def _producers(component: manifest.Component) -> set[str]:
    outputs = component.dag.outputs if component.dag else None
    selectors = (o.value_from_parameter for o in (outputs.parameters.values() if outputs else ()))
    return {selector.producer_subtask for selector in selectors if selector}


def _called(component: manifest.Component, task: str) -> str:
    assert component.dag is not None
    return component.dag.tasks[task].component_ref.name


def _as_read(components: Mapping[str, manifest.Component], first: str) -> list[str]:
    """Return the names of `components`, each DAG before those that it uses."""
    order: dict[str, None] = {}
    left = [first]
    while left:
        name = left.pop()
        if name not in order:
            order[name] = None
            dag = components[name].dag
            left += [task.component_ref.name for task in (dag.tasks.values() if dag else ())][::-1]
    return list(order)
