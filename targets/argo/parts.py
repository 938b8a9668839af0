"""Blocks of more steps than one DAG template takes: each part of one is a DAG template of its own.

Parts are runs of neighbours, so that a part needs earlier ones only, and an edit moves few steps
from one part to another. A part starts when all parts that it reads have succeeded.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from headrace.compiler import dataflow, ir
from headrace.compiler.dataflow import AnyReference, AnyValue
from headrace.compiler.source import Span
from headrace.targets.argo.manifest import LIST_LENGTH

PART = LIST_LENGTH["tasks"]
"""The nodes in a part."""


@dataclass(frozen=True)
class Part:
    """Neighbours in a block.

    `gives` are those of their values that are read outside the part, and `needs` the ids of the
    nodes in earlier parts that must have succeeded before.
    """

    block: ir.Block
    gives: tuple[AnyReference, ...]
    needs: tuple[str, ...]

    @property
    def span(self) -> Span:
        """The place of the first node."""
        return self.block.nodes[0].span

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the nodes."""
        return frozenset(node.id for node in self.block.nodes)


def divided(block: ir.Block, exits: Iterable[AnyValue]) -> tuple[Part, ...]:
    """Return the parts of `block`, whose owner takes `exits` out; none where one template does."""
    if len(block.nodes) <= PART:
        return ()
    position = dataflow.positions(block)
    gives: dict[int, dict[AnyReference, None]] = defaultdict(dict)
    needs: dict[int, set[str]] = defaultdict(set)
    for part, reference in _reads(block, exits):
        maker = dataflow.defining_node(reference)
        if maker in position and position[maker] // PART != part:
            gives[position[maker] // PART].setdefault(reference)
            needs[part].add(maker)
    for number, node in enumerate(block.nodes):
        part = number // PART
        needs[part].update(name for name in node.after if position[name] // PART != part)
    starts = range(0, len(block.nodes), PART)
    return tuple(
        Part(
            ir.Block(nodes=block.nodes[start : start + PART]),
            tuple(gives[part]),
            tuple(sorted(needs[part], key=position.__getitem__)),
        )
        for part, start in enumerate(starts)
    )


def _reads(block: ir.Block, exits: Iterable[AnyValue]) -> Iterator[tuple[int, AnyReference]]:
    """Yield what each part reads; what leaves the block is read by a part after the last."""
    for number, node in enumerate(block.nodes):
        for reference in dataflow.node_references(node):
            yield number // PART, reference
    for value in exits:
        for reference in dataflow.references(value):
            yield len(block.nodes), reference
