"""Lists that loops run over: the backend reads them from a parameter of the type LIST alone."""

from headrace.compiler import dataflow, ir
from headrace.compiler.dataflow import AnyNode


def with_lists(pipeline: ir.Pipeline) -> ir.Pipeline:
    """Return `pipeline` with a step before each loop over what another loop gave.

    What a loop over a constant gives is a LIST by itself. What another one gives comes from a
    step that is run in either case, with or without items, and is a text.
    """
    return _Lists(pipeline).pipeline()


class _Lists:
    def __init__(self, pipeline: ir.Pipeline) -> None:
        self._pipeline = pipeline
        nodes = list(dataflow.walk(pipeline.body))
        self._ids = {node.id for node in nodes}
        self._constant = {n.id for n in nodes if isinstance(n, ir.Map) and _is_constant(n)}
        steps = [node for node in nodes if isinstance(node, ir.Call | ir.Compute)]
        self._settings = steps[0].settings.for_added_step(pipeline.defaults) if steps else None

    def pipeline(self) -> ir.Pipeline:
        return self._pipeline.replace(body=self._block(self._pipeline.body))

    def _block(self, block: ir.Block) -> ir.Block:
        return ir.Block(nodes=tuple(n for node in block.nodes for n in self._nodes(node)))

    def _nodes(self, node: AnyNode) -> tuple[AnyNode, ...]:
        match node:
            case ir.Map():
                node = node.replace(body=self._block(node.body))
                return self._map(node)
            case ir.Branch():
                arms = {"then": self._block(node.then), "otherwise": self._block(node.otherwise)}
                return (node.replace(**arms),)
            case ir.Guard():
                parts = {"body": self._block(node.body), "cleanup": self._block(node.cleanup)}
                return (node.replace(**parts),)
        return (node,)

    def _map(self, node: ir.Map) -> tuple[AnyNode, ...]:
        items = node.items
        if not isinstance(items, ir.Gather):
            return (node,)
        value = items.replace(role="value")
        if items.map in self._constant or self._settings is None:
            return (node.replace(items=value),)
        expression = ir.Glue(source="it", names=(("it", value),))
        listed = ir.Compute(
            id=self._fresh(f"{node.id}-items"),
            outputs=(ir.OutputSpec(name="items", role="items", expression=expression),),
            after=node.after,
            settings=self._settings,
            span=node.span,
        )
        over = ir.Output(node=listed.id, name="items")
        return listed, node.replace(items=over)

    def _fresh(self, wanted: str) -> str:
        id, number = wanted, 2
        while id in self._ids:
            id, number = f"{wanted}-{number}", number + 1
        self._ids.add(id)
        return id


def _is_constant(node: ir.Map) -> bool:
    return isinstance(node.items, ir.Const) and node.items.text != "[]"
