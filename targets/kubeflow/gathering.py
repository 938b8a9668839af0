"""What loops gather: which values, and under which names."""

from collections.abc import Iterable, Mapping

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyReference
from headrace.targets.kubeflow.names import Names, parameter_name
from headrace.targets.kubeflow.scope import Callee

def _direct_keys(
    node: ir.Map, gathered: Mapping[AnyReference, AnyReference]
) -> dict[AnyReference, str] | None:
    """Return the output that holds each list, if containers of the body make them all.

    It is called in every DAG around the loop as in the container: the backend looks for it by name.
    """
    steps = [n for n in node.body.nodes if isinstance(n, ir.Call | ir.Compute)]
    keys = {
        gather: parameter_name(value.name)
        for gather, value in gathered.items()
        if isinstance(value, ir.Output) and any(_is_value_of(step, value) for step in steps)
    }
    return keys if len(set(keys.values())) == len(gathered) else None


def _is_value_of(step: ir.Call | ir.Compute, value: AnyReference) -> bool:
    return isinstance(value, ir.Output) and any(
        value == ir.Output(node=step.id, name=output.name) and output.role == "value"
        for output in step.outputs
    )


def _gathers(gathered: Iterable[AnyReference]) -> list[ir.Gather]:
    return [gather for gather in gathered if isinstance(gather, ir.Gather)]


def _keys(gathered: Iterable[AnyReference]) -> dict[AnyReference, str]:
    names = Names("_")
    return {g: names.take(parameter_name(g.name)) for g in _gathers(gathered)}


def _renamed(callee: Callee, step: str, gathered: Iterable[AnyReference]) -> Callee:
    """Return `callee`, which is `step`, as it gives the lists `gathered`."""
    outputs = {
        g: callee.outputs[ir.Output(node=step, name=key)] for g, key in _keys(gathered).items()
    }
    return Callee(callee.component, callee.inputs, outputs)
