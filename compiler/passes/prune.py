"""Drops what nothing reads: outputs of steps, gathered lists and merged names."""

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyNode, AnyReference, block_references, references


def prune(pipeline: ir.Pipeline) -> ir.Pipeline:
    """Return `pipeline` without outputs that no value reads.

    A result that Python would throw away is then never stored, so it need not be storable. A
    `Compute` keeps its outputs, for it stands there only for what it computes, but not what it
    catches.
    """
    while True:
        used = {*block_references(pipeline.body), *references(pipeline.result)}
        body = _block(pipeline.body, used)
        if body == pipeline.body:
            return pipeline
        pipeline = pipeline.model_copy(update={"body": body})


_CAUGHT = ir.Glue(source="caught")


def _block(block: ir.Block, used: set[AnyReference]) -> ir.Block:
    return ir.Block(nodes=tuple(_node(node, used) for node in block.nodes))


def _node(node: AnyNode, used: set[AnyReference]) -> AnyNode:
    match node:
        case ir.Call() | ir.Compute():
            kept = tuple(
                output
                for output in node.outputs
                if ir.Output(node=node.id, name=output.name) in used
                or (isinstance(node, ir.Compute) and output.expression != _CAUGHT)
            )
            return node.model_copy(update={"outputs": kept})
        case ir.Map():
            read = {(r.map, r.name) for r in used if isinstance(r, ir.Gather)}
            gathers = tuple(g for g in node.gathers if (node.id, g.name) in read)
            return node.model_copy(update={"gathers": gathers, "body": _block(node.body, used)})
        case ir.Guard():
            exits = tuple(e for e in node.exits if ir.Merge(branch=node.id, name=e.name) in used)
            body, cleanup = _block(node.body, used), _block(node.cleanup, used)
            return node.model_copy(update={"exits": exits, "body": body, "cleanup": cleanup})
        case ir.Branch():
            return node.model_copy(
                update={
                    "merges": tuple(
                        m for m in node.merges if ir.Merge(branch=node.id, name=m.name) in used
                    ),
                    "then": _block(node.then, used),
                    "otherwise": _block(node.otherwise, used),
                }
            )
        case _:
            return node
