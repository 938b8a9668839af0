"""How wide a map is, as far as the pipeline itself tells."""

import ast
from collections.abc import Iterator

from headrace.compiler import dataflow, ir
from headrace.compiler.diagnostics import Diagnostic
from headrace.runtime import wire
from headrace.runtime.outputs import LONGEST_WITHOUT_STORE

_LEAST_ELEMENT = 4
"""An element and the comma after it, in bytes: `"=1",` less a quote that may be another's."""


def known_widths(pipeline: ir.Pipeline) -> Iterator[tuple[ir.Map, int]]:
    """Yield the maps of which it is known over how many items they run, and that number.

    That of a run parameter is its default's.
    """
    nodes = {node.id: node for node in dataflow.walk(pipeline.body)}
    defaults = {p.name: p.default for p in pipeline.parameters}
    for node in nodes.values():
        if isinstance(node, ir.Map):
            width = _width(node.items, nodes, defaults)
            if width is not None:
                yield node, width


def _width(
    items: dataflow.AnyValue,
    nodes: dict[str, dataflow.AnyNode],
    defaults: dict[str, ir.Const | None],
) -> int | None:
    if isinstance(items, ir.Const):
        return len(wire.split_items(items.text))
    maker = nodes.get(items.node) if isinstance(items, ir.Output) else None
    if not isinstance(items, ir.Output) or not isinstance(maker, ir.Compute):
        return None
    glue = next(spec.expression for spec in maker.outputs if spec.name == items.name)
    if glue is None:
        return None
    match ast.parse(glue.source, mode="eval").body, glue.names:
        case ast.Name(), ((_, ir.Param(name=name)),):
            default = defaults.get(name)
            is_list = default is not None and default.text.startswith("[")
            return len(wire.split_items(default.text)) if default and is_list else None
        case expression, ():
            return _length_of_range(expression)
    return None


def _length_of_range(node: ast.expr) -> int | None:
    match node:
        case ast.Call(func=ast.Name(id="list"), args=[inner], keywords=[]):
            return _length_of_range(inner)
        case ast.Call(func=ast.Name(id="range"), args=arguments, keywords=[]):
            numbers = [number for a in arguments if (number := _number(a)) is not None]
            if len(numbers) < len(arguments) or not 1 <= len(numbers) <= 3 or numbers[2:] == [0]:
                return None
            found = range(*numbers)
            return max(0, -((found.start - found.stop) // found.step))
    return None


def _number(node: ast.expr) -> int | None:
    """Return the whole number that `node` says in plain arithmetic."""
    match node:
        case ast.Constant(value=int(value)):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            negated = _number(operand)
            return None if negated is None else -negated
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _number(left), _number(right)
            if a is None or b is None:
                return None
            if isinstance(op, ast.Pow):
                return a**b if abs(a) <= 1000 and 0 <= b <= 30 else None
            rules = {ast.Add: a + b, ast.Sub: a - b, ast.Mult: a * b}
            return rules.get(type(op))
    return None


def too_long_lists(pipeline: ir.Pipeline, title: str) -> Iterator[Diagnostic]:
    """Yield an error for each map over so many items that no step can give their list."""
    for node, width in known_widths(pipeline):
        is_given = not isinstance(node.items, ir.Const)
        if is_given and width * _LEAST_ELEMENT > LONGEST_WITHOUT_STORE:
            yield Diagnostic(
                code="HR512",
                message=f"a map over {width:,} items is too wide for {title}: "
                f"the list of them has more than {LONGEST_WITHOUT_STORE:,} bytes",
                span=node.span,
                hint="map over chunks, and loop over each chunk inside the step",
            )
