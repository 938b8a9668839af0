"""What comes after the inner map of a division: the compute of its results, and the last map."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyNode, AnyReference
from headrace.compiler.passes.parts import Item, Place

if TYPE_CHECKING:
    from headrace.compiler.passes.division import Arm, Division

TRUE, FALSE = ir.Const(text="true"), ir.Const(text="false")


class Rest:
    """The end of `division`: a turn of the last map has a row of what the turn had before."""

    def __init__(self, division: "Division") -> None:
        """Start with empty rows."""
        self._division, self._fresh = division, division.fresh
        self._outer, self._inner = division.outer, division.inner
        self._id = self._fresh.id(self._outer.id)
        self._item = Item(self._fresh, self._id, self._outer.span)
        self._rewriting = self._item.rewriting(self._place, self._follow)
        self._columns: list[ir.Gather] = []
        self._names: dict[ir.Gather, str] = {}
        self._copies: dict[str, str] = {}

    def nodes(self) -> Iterator[AnyNode]:
        """Yield the compute and the map, if there is anything for them to do."""
        late = [gather for gather in self._outer.gathers if self._division.is_late(gather.value)]
        given = [gather for gather in late if self._is_given(gather.value)]
        block = self._block(0)
        gathers = self._rewriting.collected(g for g in late if g not in given)
        outputs = [spec for gather in given for spec in self._lists(gather)]
        if block.nodes or gathers:
            outputs.append(ir.OutputSpec(name="rows", role="items", expression=self._rows()))
        if not outputs:
            return
        compute_id = self._fresh.id(f"{self._inner.id}-lists")
        compute = self._fresh.compute(compute_id, tuple(outputs), self._inner.span, self._inner.id)
        yield compute
        self._move_given(given, compute.id)
        if block.nodes or gathers:
            self._move_late(gathers)
            yield ir.Map(
                id=self._id,
                items=ir.Output(node=compute.id, name="rows"),
                body=self._item.body(block),
                gathers=gathers,
                span=self._outer.span,
            )

    def _is_given(self, value: ir.Value) -> bool:
        """Return whether `value` is what the inner map gave, as a list for each turn."""
        return isinstance(value, ir.Gather) and value.map == self._inner.id

    # --- rows ------------------------------------------------------------------------------------

    def _place(self, reference: AnyReference) -> Place:
        """Return where `reference` is in the last map."""
        if isinstance(reference, ir.Gather) and reference.map == self._inner.id:
            return self._column(reference.replace(role="value"))
        carried = self._division.carried(reference)
        if carried is not None:
            return self._column(carried)
        if isinstance(reference, ir.Merge) and reference.branch in self._copies:
            return ir.Merge(branch=self._copies[reference.branch], name=reference.name)
        return reference

    def _column(self, gather: ir.Gather) -> int:
        """Return which part of a row has what `gather` has for its turn."""
        if gather not in self._columns:
            self._columns.append(gather)
        return self._columns.index(gather)

    def _rows(self) -> ir.Glue:
        if not self._columns:
            return ir.Glue(source="lists", names=(("lists", self._division.lists),))
        glue = [self._column_glue(gather) for gather in self._columns]
        names = dict(name for each in glue for name in each.names)
        source = f"list(zip({', '.join(each.source for each in glue)}))"
        return ir.Glue(source=source, names=tuple(names.items()))

    def _column_glue(self, gather: ir.Gather) -> ir.Glue:
        """Return what `gather` has, an element for each turn of the outer map."""
        if gather == self._division.lists:
            return ir.Glue(source="lists", names=(("lists", gather),))
        name = self._names.setdefault(gather, f"values_{len(self._names)}")
        if gather.map != self._inner.id:
            return ir.Glue(source=name, names=((name, gather),))
        names = ((name, gather), ("lists", self._division.lists))
        return ir.Glue(source=f"divided({name}, lists)", names=names)

    def _lists(self, gather: ir.Collected) -> Iterator[ir.OutputSpec]:
        """Yield the outputs that stand for the gather of a gather."""
        assert isinstance(gather.value, ir.Gather)
        glue = self._column_glue(gather.value.replace(role="value"))
        yield ir.OutputSpec(name=gather.name, expression=glue)
        if self._listed(gather.name) in self._fresh.listed:
            name = f"{gather.name}_items"
            yield ir.OutputSpec(name=name, role="items", expression=glue)

    # --- where the gathers of the outer map are afterwards ---------------------------------------

    def _listed(self, name: str) -> ir.Gather:
        return ir.Gather(map=self._outer.id, name=name, role="items")

    def _move_given(self, gathers: Iterable[ir.Collected], compute: str) -> None:
        moved = self._division.moved
        for gather in gathers:
            name = gather.name
            moved[ir.Gather(map=self._outer.id, name=name)] = ir.Output(node=compute, name=name)
            moved[self._listed(name)] = ir.Output(node=compute, name=f"{name}_items")

    def _move_late(self, gathers: Iterable[ir.Collected]) -> None:
        moved = self._division.moved
        for gather in gathers:
            name = gather.name
            moved[ir.Gather(map=self._outer.id, name=name)] = ir.Gather(map=self._id, name=name)
            new = ir.Gather(map=self._id, name=name, role="items")
            moved[self._listed(name)] = new
            if self._listed(name) in self._fresh.listed:
                self._fresh.listed.add(new)

    # --- the body of the last map ----------------------------------------------------------------

    def _block(self, depth: int) -> ir.Block:
        """Return what is late in the block at `depth`."""
        copies = []
        if depth < len(self._division.way):
            branch, arm = self._division.way[depth]
            inside = self._block(depth + 1)
            if inside.nodes or branch.merges:
                copies = [self._copy(branch, arm, inside, depth)]
        late = map(self._rewriting.node, self._division.levels[depth].late)
        return ir.Block(nodes=(*copies, *late))

    def _copy(self, branch: ir.Branch, arm: "Arm", inside: ir.Block, depth: int) -> ir.Branch:
        """Return the branch that is taken as `branch` was, with what is late in its `arm`."""
        taken = self._column(self._division.carry(TRUE, depth + 1, FALSE, "then"))
        arms = {"then": ir.Block(), "otherwise": ir.Block(), arm: inside}
        copy = ir.Branch(
            id=self._fresh.id(branch.id),
            condition=self._item.output(taken, "condition"),
            then=arms["then"],
            otherwise=arms["otherwise"],
            merges=self._rewriting.choices(branch.merges),
            span=branch.span,
        )
        self._copies[branch.id] = copy.id
        return copy

    def _follow(self, node_id: str) -> tuple[str, ...]:
        """Return what must have ended in the last map, which starts after all of the others."""
        if node_id in self._copies:
            return (self._copies[node_id],)
        branches = {branch.id for branch, _ in self._division.way}
        gone = self._division.is_early(node_id) or node_id in {self._inner.id, *branches}
        return () if gone else (node_id,)
