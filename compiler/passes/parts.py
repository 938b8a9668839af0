"""The item of a map that a pass makes: a tuple, of which the body reads the parts."""

from collections.abc import Callable
from typing import TypeAlias

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyReference
from headrace.compiler.passes.fresh import Fresh
from headrace.compiler.passes.rewriting import Follow, Rewriting, Role, itself
from headrace.compiler.source import Span

Place: TypeAlias = "int | AnyReference"
"""A part of the item, or a reference that can be read as it is."""


class Item:
    """The item of the map called `map_id`.

    Glue reads a part where it is used. What an engine reads or moves has to be an output, so those
    parts are given by one compute, the head of the body.
    """

    def __init__(self, fresh: Fresh, map_id: str, span: Span) -> None:
        """Start with no part read."""
        self._fresh = fresh
        self._reference = ir.Item(map=map_id)
        self._name = fresh.name("item")
        self._head = fresh.id(f"{map_id}-item")
        self._span = span
        self._outputs: dict[str, ir.OutputSpec] = {}

    def part(self, index: int) -> ir.Glue:
        """Return the part at `index` as glue."""
        return ir.Glue(source=f"{self._name}[{index}]", names=((self._name, self._reference),))

    def output(self, index: int, role: Role) -> ir.Output:
        """Return the part at `index` as an output, in `role`."""
        name = f"{role}_{index}"
        self._outputs[name] = ir.OutputSpec(name=name, role=role, expression=self.part(index))
        return ir.Output(node=self._head, name=name)

    def rewriting(
        self, place: Callable[[AnyReference], Place], follow: Follow = itself
    ) -> Rewriting:
        """Return what copies nodes into the body, in which values are where `place` says."""

        def replace(reference: AnyReference) -> AnyReference | ir.Glue:
            found = place(reference)
            return self.part(found) if isinstance(found, int) else found

        def whole(reference: AnyReference, role: Role) -> AnyReference:
            found = place(reference)
            return self.output(found, role) if isinstance(found, int) else found

        return Rewriting(replace, whole, follow)

    def body(self, block: ir.Block) -> ir.Block:
        """Return `block`, with the head in front of it if anything in it needs that."""
        if not self._outputs:
            return block
        head = self._fresh.compute(self._head, tuple(self._outputs.values()), self._span)
        return ir.Block(nodes=(head, *block.nodes))
