"""Drops what nothing reads: outputs of steps, gathered lists and merged names."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyNode, AnyReference, AnyValue, own_values, references


def prune(pipeline: ir.Pipeline) -> ir.Pipeline:
    """Return `pipeline` without outputs that no value reads; itself, if there is none.

    A result that Python would throw away is then never stored, so it need not be storable. A
    `Compute` keeps its outputs, for it stands there only for what it computes, but not what it
    catches.
    """
    # Whatever reads a value stands after it, so that one pass from the end knows all its readers.
    used: set[AnyReference] = set(references(pipeline.result))
    body = _block(pipeline.body, used)
    return pipeline if body is pipeline.body else pipeline.replace(body=body)


_CAUGHT = ir.Glue(source="caught")


def _block(block: ir.Block, used: set[AnyReference]) -> ir.Block:
    """Return `block` without what is not in `used`, which takes up what the rest reads."""
    nodes = [_node(node, used) for node in reversed(block.nodes)][::-1]
    return block if _same(nodes, block.nodes) else ir.Block(nodes=tuple(nodes))


def _node(node: AnyNode, used: set[AnyReference]) -> AnyNode:
    match node:
        case ir.Call() | ir.Compute():
            outputs = tuple(_outputs(node, used))
            if outputs != node.outputs:
                node = node.replace(outputs=outputs)
        case ir.Map():
            gathers = [
                gather
                for gather in node.gathers
                if ir.Gather(map=node.id, name=gather.name) in used
                or ir.Gather(map=node.id, name=gather.name, role="items") in used
            ]
            _read(used, (gather.value for gather in gathers))
            body = _block(node.body, used)
            if len(gathers) < len(node.gathers) or body is not node.body:
                node = node.replace(gathers=tuple(gathers), body=body)
        case ir.Guard():
            exits = [e for e in node.exits if ir.Merge(branch=node.id, name=e.name) in used]
            _read(used, (exit.value for exit in exits))
            parts = {"cleanup": _block(node.cleanup, used), "body": _block(node.body, used)}
            kept = _same(parts.values(), (node.cleanup, node.body))
            if len(exits) < len(node.exits) or not kept:
                node = node.replace(exits=tuple(exits), **parts)
        case ir.Branch():
            merges = [m for m in node.merges if ir.Merge(branch=node.id, name=m.name) in used]
            _read(used, (value for merge in merges for value in (merge.then, merge.otherwise)))
            arms = {"then": _block(node.then, used), "otherwise": _block(node.otherwise, used)}
            kept = _same(arms.values(), (node.then, node.otherwise))
            if len(merges) < len(node.merges) or not kept:
                node = node.replace(merges=tuple(merges), **arms)
    _read(used, own_values(node))
    return node


def _outputs(node: ir.Call | ir.Compute, used: set[AnyReference]) -> Iterator[ir.OutputSpec]:
    """Yield the outputs of `node` that are read, and what must be evaluated all the same."""
    read = [o for o in node.outputs if ir.Output(node=node.id, name=o.name) in used]
    evaluated = {_unpacked(output) for output in read if output.expression}
    for output in node.outputs:
        if output in read or (isinstance(node, ir.Compute) and output.expression != _CAUGHT):
            yield output
        elif output.required and output.expression and _unpacked(output) not in evaluated:
            # As a condition it is evaluated, and nothing is stored that nothing reads.
            test = output.expression.replace(source=f"({output.expression.source}) is not None")
            yield output.replace(role="condition", expression=test)


def _unpacked(output: ir.OutputSpec) -> str:
    """Return the part of an output's expression that may raise, the same for each element."""
    source = output.expression.source if output.expression else ""
    return source.rpartition("[")[0] if source.startswith("unpack(") else source


def _read(used: set[AnyReference], values: Iterable[AnyValue]) -> None:
    used.update(reference for value in values for reference in references(value))


_T = TypeVar("_T")


def _same(new: Iterable[_T], old: Iterable[_T]) -> bool:
    return all(one is other for one, other in zip(new, old, strict=True))
