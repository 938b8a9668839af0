"""Divides a map that holds a map, for engines that have no map inside a map."""

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyNode, AnyReference, walk
from headrace.compiler.passes.division import Division, Way
from headrace.compiler.passes.fresh import Fresh
from headrace.compiler.passes.rewriting import Rewriting, Role
from headrace.compiler.settings import StepSettings


def flatten(pipeline: ir.Pipeline, settings: StepSettings) -> ir.Pipeline:
    """Return `pipeline` with no map inside a map; itself if there is none.

    What an outer map does before an inner one becomes a map; then all turns of the inner one, in
    all turns of the outer one, are one map; and what the outer one does after it becomes a third.
    Computes with `settings` make the lists of the second and the third. The steps and what they
    receive stay the same, and what must wait for something still does.

    A map inside a cleanup's body inside a map stays: the cleanup belongs to one turn.
    """
    maps = (node for node in walk(pipeline.body) if isinstance(node, ir.Map))
    if not any(_way_to_a_map(node.body) for node in maps):
        return pipeline
    flattening = _Flattening(pipeline, settings)
    return flattening.finished(flattening.block(pipeline.body))


class _Flattening:
    def __init__(self, pipeline: ir.Pipeline, settings: StepSettings) -> None:
        self.fresh = Fresh(pipeline, settings)
        self._pipeline = pipeline
        self._moved: dict[AnyReference, AnyReference] = {}
        self._parts: dict[str, tuple[str, ...]] = {}

    def block(self, block: ir.Block) -> ir.Block:
        """Return `block` with what becomes of its maps."""
        return ir.Block(nodes=tuple(new for node in block.nodes for new in self._node(node)))

    def _node(self, node: AnyNode) -> tuple[AnyNode, ...]:
        """Return what becomes of `node`; what it comes after has become what it is before."""
        after = [part for before in node.after for part in self._parts.get(before, (before,))]
        node = node.replace(after=tuple(dict.fromkeys(after)))
        match node:
            case ir.Map():
                return self._map(node)
            case ir.Branch():
                arms = {"then": self.block(node.then), "otherwise": self.block(node.otherwise)}
                return (node.replace(**arms),)
            case ir.Guard():
                parts = {"body": self.block(node.body), "cleanup": self.block(node.cleanup)}
                return (node.replace(**parts),)
        return (node,)

    def _map(self, node: ir.Map) -> tuple[AnyNode, ...]:
        found = _way_to_a_map(node.body)
        if found is None:
            return (node,)
        division = Division(self.fresh, node, *found)
        parts = [new for part in division.nodes() for new in self._node(part)]
        self._moved.update(division.moved)
        self._parts[node.id] = tuple(part.id for part in parts)
        return tuple(parts)

    def finished(self, body: ir.Block) -> ir.Pipeline:
        """Return the pipeline with `body`, in which all that moved is found where it is."""

        def found(reference: AnyReference, role: Role = "value") -> AnyReference:
            while reference in self._moved:
                reference = self._moved[reference]
            return reference

        rewriting = Rewriting(found, found)
        body = self.fresh.with_values(rewriting.block(body))
        result = rewriting.value(self._pipeline.result)
        return self._pipeline.replace(body=body, result=result)


def _way_to_a_map(block: ir.Block) -> tuple[Way, ir.Map] | None:
    """Return the first map in `block` with the branches and arms around it, the outermost first."""
    for node in block.nodes:
        if isinstance(node, ir.Map):
            return (), node
        if isinstance(node, ir.Branch):
            if found := _way_to_a_map(node.then):
                return ((node, "then"), *found[0]), found[1]
            if found := _way_to_a_map(node.otherwise):
                return ((node, "otherwise"), *found[0]), found[1]
    return None
