"""A pipeline as a Mermaid flowchart: https://mermaid.js.org/syntax/flowchart.html."""

import re
from collections.abc import Iterator

from headrace.compiler import dataflow, ir

_INDENT = "    "


def mermaid(pipeline: ir.Pipeline) -> str:
    """Return the flowchart of `pipeline`: steps, maps and branches, and what waits for what."""
    lines = ["flowchart TD"]
    lines += (_INDENT + line for line in _block_lines(pipeline.body))
    edges = dict.fromkeys(_edges(pipeline.body))
    lines += (_INDENT + edge for edge in edges)
    return "\n".join(lines) + "\n"


def _block_lines(block: ir.Block) -> Iterator[str]:
    for node in block.nodes:
        name = _name(node.id)
        match node:
            case ir.Call():
                yield f'{name}["{_text(node.id)}"]'
            case ir.Compute():
                yield f'{name}(["{_text(node.id)}"])'
            case ir.Map():
                yield from _subgraph(name, f"for each: {node.id}", node.body)
            case ir.Branch():
                yield f'subgraph {name}["if: {_text(node.id)}"]'
                for arm, block_of_arm in (("then", node.then), ("else", node.otherwise)):
                    for line in _subgraph(f"{name}_{arm}", arm, block_of_arm):
                        yield _INDENT + line
                yield "end"
            case ir.Guard():
                yield f'subgraph {name}["try: {_text(node.id)}"]'
                for part, block_of_part in (("try", node.body), ("finally", node.cleanup)):
                    for line in _subgraph(f"{name}_{part}", part, block_of_part):
                        yield _INDENT + line
                yield "end"


def _subgraph(name: str, title: str, block: ir.Block) -> Iterator[str]:
    if not block.nodes:
        yield f'{name}["{_text(title)}: nothing"]'
        return
    yield f'subgraph {name}["{_text(title)}"]'
    for line in _block_lines(block):
        yield _INDENT + line
    yield "end"


def _edges(block: ir.Block) -> Iterator[str]:
    siblings = [node.id for node in block.nodes]
    for node in block.nodes:
        needed = [
            reference
            for value in dataflow.own_values(node)
            for reference in dataflow.references(value)
        ]
        for reference in needed:
            source = dataflow.defining_node(reference)
            if source is not None and not isinstance(reference, ir.Item):
                yield f"{_name(source)} --> {_name(node.id)}"
        for sibling in siblings:
            if sibling in node.after:
                yield f"{_name(sibling)} -.-> {_name(node.id)}"
        for inner in dataflow.blocks(node):
            yield from _edges(inner)


def _name(identifier: str) -> str:
    """Return a name that Mermaid takes for no keyword of its own, such as `end`."""
    return "n_" + re.sub(r"\W", "_", identifier, flags=re.ASCII)


def _text(text: str) -> str:
    return text.replace("&", "#amp;").replace('"', "#quot;").replace("<", "#lt;")
