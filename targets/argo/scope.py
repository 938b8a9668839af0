"""What the tasks of one template can refer to, and how each reference is spelt there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from headrace.compiler import dataflow, ir
from headrace.compiler.dataflow import AnyReference, AnyValue
from headrace.compiler.diagnostics import InternalError
from headrace.targets.argo import manifest
from headrace.targets.argo.expressions import (
    input_reference,
    input_value,
    marked_input,
    marked_literal,
    output_reference,
    placeholder,
)
from headrace.targets.argo.names import Names, parameter_name


@dataclass(frozen=True)
class Callee:
    """A template as its callers see it.

    `inputs` says which value of the pipeline each input receives, `outputs` which parameter holds
    each named output of the node that the template stands for.
    """

    template: str
    inputs: Mapping[str, AnyReference]
    outputs: Mapping[str, str]


class Scope:
    """The inputs of a DAG template, and the tasks that stand in it so far."""

    def __init__(
        self, closure: Iterable[AnyReference], preferred: Mapping[AnyReference, str] | None = None
    ) -> None:
        """Give each reference of `closure` an input; `preferred` names some of them."""
        preferred = preferred or {}
        names = Names("_")
        taken = {reference: names.take(name) for reference, name in preferred.items()}
        self._inputs = {
            reference: taken.get(reference) or names.take(readable_name(reference))
            for reference in closure
        }
        self._tasks: dict[str, str] = {}
        self._made: dict[str, Callee] = {}
        self._given: dict[AnyReference, str] = {}

    @property
    def inputs(self) -> dict[str, AnyReference]:
        """The value of the pipeline that each input holds."""
        return {name: reference for reference, name in self._inputs.items()}

    @property
    def parameters(self) -> manifest.Parameters | None:
        """The inputs as the template declares them."""
        if not self._inputs:
            return None
        return manifest.Parameters(
            parameters=tuple(manifest.Parameter(name=name) for name in self._inputs.values())
        )

    def add_task(self, node: str, task: str, callee: Callee) -> None:
        """Record that `task` runs the node with the id `node`."""
        self._tasks[node] = task
        self._made[node] = callee

    def add_part(self, nodes: Iterable[str], task: str, given: Mapping[AnyReference, str]) -> None:
        """Record that `task` runs `nodes`, and which of its outputs hold the values `given`."""
        self._tasks |= dict.fromkeys(nodes, task)
        self._given |= {value: output_reference(task, output) for value, output in given.items()}

    def task_name(self, node: str) -> str:
        """Return the task that runs the node with the id `node`."""
        return self._tasks[node]

    def spell(self, reference: AnyReference) -> str:
        """Return the text of an argument that passes `reference` on: a constant or one tag."""
        if isinstance(reference, ir.Const):
            return reference.text
        if reference in self._inputs:
            return placeholder(input_reference(self._inputs[reference]))
        return placeholder(self._task_output(reference))

    def arguments(self, callee: Callee, loop: str | None = None) -> manifest.Parameters | None:
        """Return the arguments of a task that runs `callee`, in a loop over the map `loop`."""
        if not callee.inputs:
            return None
        item = ir.Item(map=loop) if loop is not None else None
        return manifest.Parameters(
            parameters=tuple(
                manifest.Parameter(
                    name=name,
                    value=placeholder("item") if reference == item else self.spell(reference),
                )
                for name, reference in callee.inputs.items()
            )
        )

    def output(self, value: AnyValue) -> manifest.ValueFrom:
        """Return where an output of this template comes from that is `value`, marked as opaque."""
        if isinstance(value, ir.Const) or value in self._inputs:
            return manifest.ValueFrom(expression=self.expression(value))
        return manifest.ValueFrom(parameter=placeholder(self._task_output(value)))

    def expression(self, value: AnyValue) -> str:
        """Return the expression for a constant or an input, marked as opaque."""
        match value:
            case ir.Const():
                return marked_literal(value.text)
            case ir.Param():
                # The text of a run's parameter is what a person wrote: JSON without a mark.
                return marked_input(self._inputs[value])
            case ir.Glue():
                raise InternalError("glue left outside a step")
            case _:
                return input_value(self._inputs[value])

    def _task_output(self, value: AnyValue) -> str:
        if not isinstance(value, ir.Output | ir.Gather | ir.Merge):
            raise InternalError(f"no task gives {value!r}")
        node = dataflow.defining_node(value)
        if node in self._made:
            made = self._made[node].outputs[output_key(value)]
            return output_reference(self._tasks[node], made)
        if value not in self._given:
            raise InternalError(f"no task gives {value!r}")
        return self._given[value]


def output_key(value: ir.Output | ir.Gather | ir.Merge) -> str:
    """Return the name by which a `Callee` knows `value` among its outputs."""
    is_items = isinstance(value, ir.Gather) and value.role == "items"
    return f"{value.name}_items" if is_items else value.name


def readable_name(reference: AnyReference) -> str:
    """Return what an input that holds `reference` is called when nothing else is."""
    match reference:
        case ir.Param():
            return parameter_name(reference.name)
        case ir.Item():
            return "item"
        case ir.Merge():
            return parameter_name(reference.name)
        case ir.Output() if reference.name == "out":
            return parameter_name(reference.node)
        case ir.Output():
            return parameter_name(f"{reference.node}_{reference.name}")
        case ir.Gather():
            wanted = reference.map if reference.name == "out" else reference.name
            return parameter_name(f"{wanted}_items" if reference.role == "items" else wanted)
        case _:
            raise InternalError(f"{reference!r} needs no input")
