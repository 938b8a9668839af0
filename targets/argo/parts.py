"""Blocks of more steps than one DAG template takes: each part of one is a DAG template of its own.

Parts are runs of neighbours, so that a part needs earlier ones only, and an edit moves few steps
from one part to another. A part starts when all parts that it reads have succeeded.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from headrace.compiler import dataflow, ir
from headrace.compiler.dataflow import AnyNode, AnyReference, AnyValue
from headrace.compiler.source import Span
from headrace.targets.argo.manifest import LIST_LENGTH

PART = LIST_LENGTH["tasks"]
"""The nodes in a part."""


@dataclass(frozen=True)
class Part:
    """Neighbours in a block; `gives` are those of their values that are read outside the part."""

    block: ir.Block
    gives: tuple[AnyReference, ...]

    @property
    def span(self) -> Span:
        """The place of the first node."""
        return self.block.nodes[0].span

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the nodes."""
        return frozenset(node.id for node in self.block.nodes)

    def dependencies(self, siblings: dict[str, int]) -> tuple[str, ...]:
        """Return what its nodes need of the block around it, as `dataflow.dependencies` does."""
        needed = {n for node in self.block.nodes for n in dataflow.dependencies(node, siblings)}
        return tuple(sorted(needed - self.ids, key=siblings.__getitem__))


def divided(block: ir.Block, exits: Iterable[AnyValue]) -> tuple[Part, ...]:
    """Return the parts of `block`, whose owner takes `exits` out; none where one template does."""
    if len(block.nodes) <= PART:
        return ()
    owner = {node.id: index // PART for index, node in enumerate(block.nodes)}
    gives: dict[int, dict[AnyReference, None]] = {}
    for reader, reference in _reads(block, exits):
        part = owner.get(dataflow.defining_node(reference) or "")
        if part is not None and part != (reader and owner[reader.id]):
            gives.setdefault(part, {}).setdefault(reference)
    starts = range(0, len(block.nodes), PART)
    return tuple(
        Part(ir.Block(nodes=block.nodes[start : start + PART]), tuple(gives.get(number, ())))
        for number, start in enumerate(starts)
    )


def _reads(
    block: ir.Block, exits: Iterable[AnyValue]
) -> Iterator[tuple[AnyNode | None, AnyReference]]:
    for node in block.nodes:
        yield from ((node, reference) for reference in dataflow.node_references(node))
    for value in exits:
        yield from ((None, reference) for reference in dataflow.references(value))
