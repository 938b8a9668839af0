"""Marks the outputs that maps gather, of which an engine puts many into one text."""

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyNode, AnyValue, walk
from headrace.compiler.passes.rewriting import Step, with_steps


def mark_gathered(pipeline: ir.Pipeline) -> ir.Pipeline:
    """Return `pipeline` with `gathered` set on what reaches a gather; itself if nothing does."""
    nodes = {node.id: node for node in walk(pipeline.body)}
    found: set[ir.Output] = set()
    for node in nodes.values():
        if isinstance(node, ir.Map):
            for gather in node.gathers:
                _reach(gather.value, nodes, found)
    if not found:
        return pipeline

    def marked(node: Step) -> Step:
        outputs = tuple(
            spec.replace(gathered=True)
            if ir.Output(node=node.id, name=spec.name) in found
            else spec
            for spec in node.outputs
        )
        return node.replace(outputs=outputs) if outputs != node.outputs else node

    return pipeline.replace(body=with_steps(pipeline.body, marked))


def _reach(value: AnyValue, nodes: dict[str, AnyNode], found: set[ir.Output]) -> None:
    """Add to `found` the outputs that `value` may be."""
    if isinstance(value, ir.Output):
        found.add(value)
    elif isinstance(value, ir.Merge):
        node = nodes[value.branch]
        if isinstance(node, ir.Branch):
            for merge in node.merges:
                if merge.name == value.name:
                    _reach(merge.then, nodes, found)
                    _reach(merge.otherwise, nodes, found)
        elif isinstance(node, ir.Guard):
            for exit in node.exits:
                if exit.name == value.name:
                    _reach(exit.value, nodes, found)
