"""What loops gather: which values, and under which names."""

from collections.abc import Iterable, Mapping

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyReference
from headrace.targets.kubeflow.names import Names, parameter_name
from headrace.targets.kubeflow.scope import Callee, Scope, reference


def gathers(node: ir.Map) -> dict[ir.Gather, AnyReference]:
    """Return, for each list that `node` gathers, the value of its body that is gathered."""
    return {ir.Gather(map=node.id, name=g.name): reference(g.value) for g in node.gathers}


def direct_keys(
    node: ir.Map, gathered: Mapping[ir.Gather, AnyReference], body: Scope
) -> dict[ir.Gather, str] | None:
    """Return the output that holds each list, if containers in the `body` of `node` make them all.

    It is called in every DAG around the loop as in the container: the backend looks for it by name.
    """
    steps = [n for n in node.body.nodes if isinstance(n, ir.Call | ir.Compute)]
    keys = {
        gather: body.selector(value).output_parameter_key
        for gather, value in gathered.items()
        if any(is_value_of(step, value) for step in steps)
    }
    return keys if len(set(keys.values())) == len(gathered) else None


def is_value_of(step: ir.Call | ir.Compute, value: AnyReference) -> bool:
    """Whether `value` is an output of `step` that no engine reads."""
    return any(
        value == ir.Output(node=step.id, name=output.name) and output.role == "value"
        for output in step.outputs
    )


def own_keys(gathered: Iterable[ir.Gather]) -> dict[ir.Gather, str]:
    """Return a name of its own for each list."""
    names = Names("_")
    return {gather: names.take(parameter_name(gather.name)) for gather in gathered}


def renamed(callee: Callee, step: str, gathered: Iterable[ir.Gather]) -> Callee:
    """Return `callee`, which is the step of that id, as what gives the lists `gathered`."""
    made = {g: ir.Output(node=step, name=key) for g, key in own_keys(gathered).items()}
    outputs: dict[AnyReference, str] = {g: callee.outputs[output] for g, output in made.items()}
    return Callee(callee.component, callee.inputs, outputs)
