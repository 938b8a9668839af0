"""Questions about the flow of values through the IR, asked by passes, the verifier and targets."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from headrace.compiler import ir

AnyReference: TypeAlias = ir.Reference
AnyValue: TypeAlias = ir.Value
AnyNode: TypeAlias = ir.Node

STEPS = (ir.Call, ir.Compute)
"""The nodes that run in a container, which are most."""


def references(value: AnyValue) -> Iterator[AnyReference]:
    """Yield the values that `value` reads: its names if it is glue, else itself."""
    if isinstance(value, ir.Glue):
        for _, reference in value.names:
            yield reference
    else:
        yield value


def own_values(node: AnyNode) -> Iterator[AnyValue]:
    """Yield the values that `node` itself needs before it can start, without its blocks' own."""
    match node:
        case ir.Call() | ir.Compute():
            for argument in node.arguments if isinstance(node, ir.Call) else ():
                yield argument.value
            for output in node.outputs:
                if output.expression is not None:
                    yield output.expression
        case ir.Map():
            yield node.items
        case ir.Branch():
            yield node.condition
        case ir.Guard():
            pass


def blocks(node: AnyNode) -> tuple[ir.Block, ...]:
    """Return the blocks that `node` holds."""
    if isinstance(node, STEPS):
        return ()
    match node:
        case ir.Map():
            return (node.body,)
        case ir.Branch():
            return (node.then, node.otherwise)
        case ir.Guard():
            return (node.body, node.cleanup)


def walk(block: ir.Block) -> Iterator[AnyNode]:
    """Yield every node of `block` and of the blocks within it, a node before what it holds."""
    for node in block.nodes:
        yield node
        for inner in blocks(node):
            yield from walk(inner)


def defining_node(reference: AnyReference) -> str | None:
    """Return the id of the node that makes `reference`; nothing for constants and parameters."""
    match reference:
        case ir.Output():
            return reference.node
        case ir.Gather() | ir.Item():
            return reference.map
        case ir.Merge():
            return reference.branch
        case _:
            return None


def _read(node: AnyNode) -> Iterator[AnyReference]:
    for value in own_values(node):
        yield from references(value)
    match node:
        case ir.Map():
            yield from block_references(node.body, (c.value for c in node.gathers))
        case ir.Branch():
            yield from block_references(node.then, (m.then for m in node.merges))
            yield from block_references(node.otherwise, (m.otherwise for m in node.merges))
        case ir.Guard():
            yield from block_references(node.body, (e.value for e in node.exits))
            yield from block_references(node.cleanup)


def block_references(block: ir.Block, exits: Iterable[AnyValue] = ()) -> Iterator[AnyReference]:
    """Yield all that `block` and `exits` (what its owner takes out of it) read."""
    for node in block.nodes:
        yield from _read(node)
    for value in exits:
        yield from references(value)


def free_references(
    block: ir.Block, exits: Iterable[AnyValue] = (), *, bound: frozenset[str] = frozenset()
) -> tuple[AnyReference, ...]:
    """Return what `block` and `exits` read from outside `block`, each once, in order of first use.

    Constants are left out. `bound` names nodes that count as inside: a map's own id for its body.
    """
    inside = {node.id for node in walk(block)} | bound
    found: dict[AnyReference, None] = {}
    for reference in block_references(block, exits):
        if not isinstance(reference, ir.Const) and defining_node(reference) not in inside:
            found.setdefault(reference)
    return tuple(found)


def node_references(node: AnyNode) -> tuple[AnyReference, ...]:
    """Return what `node`, with all it holds, reads from outside itself, each once, in order."""
    inside = {node.id, *(inner.id for block in blocks(node) for inner in walk(block))}
    return tuple(
        dict.fromkeys(
            reference
            for reference in _read(node)
            if not isinstance(reference, ir.Const) and defining_node(reference) not in inside
        )
    )


def needed_nodes(node: AnyNode) -> set[str]:
    """Return the ids of the nodes that must have succeeded before `node` starts.

    They are those that make a value which `node` or anything in it reads, and its `after`; they
    may stand in an enclosing block.
    """
    needed = {defining_node(reference) for reference in node_references(node)}
    return {name for name in needed if name is not None}.union(node.after)


def positions(block: ir.Block) -> dict[str, int]:
    """Return where each node stands in `block`, by its id."""
    return {node.id: position for position, node in enumerate(block.nodes)}


def dependencies(node: AnyNode, siblings: Mapping[str, int]) -> tuple[str, ...]:
    """Return those of `needed_nodes` that are among `siblings`, which are `positions`, in order."""
    needed = [name for name in needed_nodes(node) if name in siblings]
    return tuple(sorted(needed, key=siblings.__getitem__))
