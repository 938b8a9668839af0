"""The division of one map at a map inside it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from headrace.compiler import ir
from headrace.compiler.dataflow import (
    AnyNode,
    AnyReference,
    AnyValue,
    defining_node,
    free_references,
    needed_nodes,
)
from headrace.compiler.passes.fresh import Fresh
from headrace.compiler.passes.parts import Item
from headrace.compiler.passes.rest import Rest

Arm: TypeAlias = Literal["then", "otherwise"]
Way: TypeAlias = tuple[tuple[ir.Branch, Arm], ...]
"""Branches within one another, each with the arm that leads on."""

OTHER: dict[Arm, Arm] = {"then": "otherwise", "otherwise": "then"}
ABSENT, EMPTY = ir.Const(text="null"), ir.Const(text="[]")


@dataclass(frozen=True)
class _Home:
    """Where a node stands: in how many branches of the way, and in which arm of the last one."""

    depth: int
    arm: Arm | None = None


@dataclass
class Level:
    """A block on the way: its nodes but for the one that leads on, which is in the middle."""

    early: list[AnyNode] = field(default_factory=list)
    late: list[AnyNode] = field(default_factory=list)
    lead: int = 0


class Division:
    """The map `outer` divided at `inner`, which stands in the arms of branches that are the `way`.

    What needs nothing of `inner` stays in the first map, the rest goes to the last; both have a
    copy of each branch on the way. What is made in the first map and read in another is carried: it
    leaves branches as a merge and the map as a gather, and comes to the other as a part of its
    item. `moved` says where the gathers of `outer` are afterwards.
    """

    def __init__(self, fresh: Fresh, outer: ir.Map, way: Way, inner: ir.Map) -> None:
        """Decide which nodes go where."""
        self.moved: dict[AnyReference, AnyReference] = {}
        self.fresh = fresh
        self.outer, self.way, self.inner = outer, way, inner
        self._homes: dict[str, _Home] = {outer.id: _Home(0)}
        self._late_ids = {inner.id, *(branch.id for branch, _ in way)}
        self.levels: list[Level] = []
        self._merges: list[list[ir.Choice]] = [[] for _ in way]
        self._gathers: list[ir.Collected] = []
        self._carried: dict[AnyReference, ir.Gather] = {}
        block = outer.body
        for depth, (branch, arm) in enumerate(way):
            self._part(block, branch)
            block, aside = getattr(branch, arm), getattr(branch, OTHER[arm])
            self._homes.update((node.id, _Home(depth + 1, OTHER[arm])) for node in aside.nodes)
        self._part(block, inner)
        self.lists = self.carry(self.fresh.value(_reference(inner.items)), len(way), EMPTY)

    def _part(self, block: ir.Block, lead: AnyNode) -> None:
        """Decide for the nodes of `block`, of which `lead` leads on to the inner map."""
        level, depth = Level(), len(self.levels)
        for node in block.nodes:
            if node is lead:
                level.lead = len(level.early)
            elif needed_nodes(node).isdisjoint(self._late_ids):
                level.early.append(node)
                self._homes[node.id] = _Home(depth)
            else:
                level.late.append(node)
                self._late_ids.add(node.id)
        self.levels.append(level)

    def nodes(self) -> Iterator[AnyNode]:
        """Yield what `outer` becomes, in order."""
        pairs, inner = self._inner_map()
        rest = list(Rest(self).nodes())
        kept = (g for g in self.outer.gathers if not self.is_late(g.value))
        update = {"body": self._early(0), "gathers": (*kept, *self._gathers)}
        yield self.outer.replace(**update)
        yield from (pairs, inner, *rest)

    # --- the first map ---------------------------------------------------------------------------

    def carry(
        self, value: AnyReference, depth: int, absent: ir.Const = ABSENT, arm: Arm | None = None
    ) -> ir.Gather:
        """Return the gather of `value`, made at `depth`; it is `absent` where no arm leads there.

        At the end of the way it may be in the other `arm`.
        """
        for level in range(depth - 1, -1, -1):
            branch, taken = self.way[level]
            if level == depth - 1 and arm is not None:
                taken = arm
            name = self.fresh.name("carried")
            arms = {taken: value, OTHER[taken]: absent}
            self._merges[level].append(
                ir.Choice(name=name, then=arms["then"], otherwise=arms["otherwise"])
            )
            value = ir.Merge(branch=branch.id, name=name)
        name = self.fresh.name("carried")
        self._gathers.append(ir.Collected(name=name, value=value))
        return ir.Gather(map=self.outer.id, name=name)

    def carried(self, reference: AnyReference) -> ir.Gather | None:
        """Return the gather of `reference` over the first map, if it is made there."""
        home = self._homes.get(defining_node(reference) or "")
        if home is None:
            return None
        if reference not in self._carried:
            value = self.fresh.value(reference)
            # Nothing reads what is absent, but a list must be one even then.
            absent = EMPTY if value != reference or isinstance(reference, ir.Gather) else ABSENT
            self._carried[reference] = self.carry(value, home.depth, absent, home.arm)
        return self._carried[reference]

    def _early(self, depth: int) -> ir.Block:
        """Return what stays of the block at `depth`."""
        level = self.levels[depth]
        nodes = list(level.early)
        if depth < len(self.way):
            branch, arm = self.way[depth]
            inside = self._early(depth + 1)
            merges = tuple(self._merges[depth])
            nodes.insert(level.lead, branch.replace(**{arm: inside}, merges=merges))
        return ir.Block(nodes=tuple(nodes))

    # --- the second map --------------------------------------------------------------------------

    def _inner_map(self) -> tuple[ir.Compute, ir.Map]:
        """Return the compute of the items of all turns of the inner map, and the map over them."""
        inner, fresh = self.inner, self.fresh
        item, own = Item(fresh, inner.id, inner.span), ir.Item(map=inner.id)
        exits = [_reference(gather.value) for gather in inner.gathers]
        read = free_references(inner.body, exits, bound=frozenset({inner.id}))
        values = [gather for gather in map(self.carried, read) if gather is not None]
        parts: dict[AnyReference, int] = {own: 0} if values else {}
        parts.update((r, 1 + values.index(g)) for r in read if (g := self._carried.get(r)))
        rewriting = item.rewriting(lambda reference: parts.get(reference, reference))
        body, gathers = rewriting.block(inner.body), rewriting.collected(inner.gathers)
        spec = ir.OutputSpec(name="items", role="items", expression=self._pairs(values))
        pairs = fresh.compute(fresh.id(f"{inner.id}-items"), (spec,), inner.span, self.outer.id)
        items = ir.Output(node=pairs.id, name="items")
        update = {"items": items, "body": item.body(body), "gathers": gathers, "after": ()}
        return pairs, inner.replace(**update)

    def _pairs(self, values: list[ir.Gather]) -> ir.Glue:
        """Return the items of all turns, each with what its turn has for `values`."""
        if not values:
            return ir.Glue(source="flattened(lists)", names=(("lists", self.lists),))
        every = [f"values_{number}" for number in range(len(values))]
        each = ", ".join(f"value_{number}" for number in range(len(values)))
        return ir.Glue(
            source=f"[(element, {each}) for elements, {each} in zip(lists, {', '.join(every)}) "
            "for element in elements]",
            names=(("lists", self.lists), *zip(every, values, strict=True)),
        )

    def is_late(self, value: AnyValue) -> bool:
        """Return whether `value` is made by the inner map or by what comes after it."""
        return defining_node(_reference(value)) in self._late_ids

    def is_early(self, node_id: str) -> bool:
        """Return whether the node called `node_id` stays in the first map."""
        return node_id in self._homes


def _reference(value: AnyValue) -> AnyReference:
    assert not isinstance(value, ir.Glue)  # as the verifier sees to it
    return value
