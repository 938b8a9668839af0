"""Lowering of comprehensions: a map where they call steps, else glue."""

import ast
from typing import TYPE_CHECKING

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyValue
from headrace.compiler.frontend import glue
from headrace.compiler.frontend.blocks import kebab
from headrace.compiler.frontend.lowering import Environment

if TYPE_CHECKING:
    from headrace.compiler.frontend.expressions import ExpressionLowering

_IN_STEP = "write it in a step"

Comprehension = ast.ListComp | ast.DictComp | ast.GeneratorExp


def lower_comprehension(lowering: "ExpressionLowering", node: Comprehension) -> ast.expr:
    """Lower `node`; a step in it makes it a map, which only a list comprehension can be."""
    if not lowering.has_step(node):
        return _lower_glue(lowering, node)
    first, *others = node.generators
    later = [*others, *(test for generator in node.generators for test in generator.ifs)]
    elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    if not any(map(lowering.has_step, [*later, *elements])):
        # Python evaluates the first iterable once, outside of the comprehension.
        return _lower_glue(lowering, node)
    if not isinstance(node, ast.ListComp):
        return lowering.error(
            "HR102",
            node,
            "a step may stand in a list comprehension only",
            hint="make a list of the results first, then build this from it",
        )
    if any(map(lowering.has_step, later)):
        return lowering.error(
            "HR102",
            node,
            "a step may not stand in the filter or a later `for` of a comprehension",
            hint="compute the list in a comprehension of its own above",
        )
    if lowering.lazy or any(lowering.bound):
        return lowering.error(
            "HR102",
            node,
            "this comprehension with steps may not run in Python, or run many times",
            hint="bind it to a name of its own above",
        )
    if lowering.has_step(first.iter):
        value = lowering.value(first.iter, f"{lowering.hint or 'each'}_source")
        name = lowering.shared.glue_names.fresh("source", "_")
        environment: Environment = {**lowering.environment, name: value}
        inner = type(lowering)(lowering.shared, lowering.block, environment)
        inner.hint = lowering.hint
        source = ast.comprehension(first.target, ast.Name(name, ast.Load()), first.ifs, 0)
        moved = ast.copy_location(ast.ListComp(node.elt, [source, *others]), node)
        return _lower_map(inner, moved)
    return _lower_map(lowering, node)


def _lower_glue(lowering: "ExpressionLowering", node: Comprehension) -> ast.expr:
    if any(generator.is_async for generator in node.generators):
        return lowering.error(
            "HR102", node, "an async comprehension is not accepted", hint=_IN_STEP
        )
    first, *others = node.generators
    # Only the first iterable is evaluated outside; all else sees every variable, bound or not.
    iterables = [lowering.visit(first.iter)]
    scope: dict[str, str] = {}
    targets = [_bind(lowering, generator.target, scope) for generator in node.generators]
    lowering.bound.append(scope)
    iterables += [lowering.visit_lazily(generator.iter) for generator in others]
    generators = [
        ast.comprehension(target, iterable, [lowering.visit_lazily(t) for t in generator.ifs], 0)
        for target, iterable, generator in zip(targets, iterables, node.generators, strict=True)
    ]
    try:
        if isinstance(node, ast.DictComp):
            key, value = lowering.visit_lazily(node.key), lowering.visit_lazily(node.value)
            return ast.DictComp(key, value, generators)
        return type(node)(lowering.visit_lazily(node.elt), generators)
    finally:
        lowering.bound.pop()


def _bind(lowering: "ExpressionLowering", target: ast.expr, scope: dict[str, str]) -> ast.expr:
    """Rename the variables of a comprehension apart from everything else that glue names."""
    if isinstance(target, ast.Name) and target.id in scope:
        return ast.Name(scope[target.id], ast.Store())
    if isinstance(target, ast.Name):
        scope[target.id] = lowering.shared.glue_names.fresh(target.id, "_")
        return ast.Name(scope[target.id], ast.Store())
    if isinstance(target, ast.Tuple | ast.List):
        return ast.Tuple([_bind(lowering, part, scope) for part in target.elts], ast.Store())
    return lowering.error(
        "HR102", target, "only names may be bound by a comprehension", hint=_IN_STEP
    )


def _lower_map(lowering: "ExpressionLowering", node: ast.ListComp) -> ast.expr:
    shared = lowering.shared
    span = shared.module.span(node)
    variables = _variables(node)
    name = shared.ids.fresh(kebab(lowering.hint or "each"))
    items = _items(lowering, node, variables)
    if isinstance(items, ir.Glue):
        lowering.block.obligations.pop(items, None)
    over = (
        items
        if isinstance(items, ir.Const) and items.text.startswith("[")
        else lowering.block.settle(items, "items", f"{name}-items", span)
    )
    block = shared.new_block()
    environment = {**lowering.environment, **_item_values(lowering, name, variables)}
    inner = type(lowering)(shared, block, environment)
    value = inner.value(node.elt, _inner_hint(lowering, node))
    reference = block.settle(value, "value", "out", span)
    gathers = (ir.Collected(name="out", value=reference),)
    lowering.block.add(ir.Map(id=name, items=over, body=block.finish(), gathers=gathers, span=span))
    gathered = ir.Gather(map=name, name="out")
    return ast.Name(shared.name_of(gathered, name), ast.Load())


def _inner_hint(lowering: "ExpressionLowering", node: ast.ListComp) -> str:
    return lowering.hint or "each"


def _variables(node: ast.ListComp) -> list[str]:
    names = (n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name))
    return list(dict.fromkeys(names))


def _items(lowering: "ExpressionLowering", node: ast.ListComp, variables: list[str]) -> AnyValue:
    """Return the list that the map runs over: its variables, as one comprehension without steps."""
    only = node.generators[0]
    plain = len(node.generators) == 1 and not only.ifs and isinstance(only.target, ast.Name)
    if plain:
        value = lowering.value(only.iter)
        if isinstance(value, ir.Const) and value.text.startswith("["):
            return value
        known = isinstance(value, ir.Const) or (isinstance(value, ir.Glue) and not value.names)
        if not known:
            return value
        listed = ast.Call(ast.Name("list", ast.Load()), [lowering.embed(value, "items")], [])
        return lowering.wrap(listed)
    names: list[ast.expr] = [ast.Name(variable, ast.Load()) for variable in variables]
    element = names[0] if len(names) == 1 else ast.Tuple(names, ast.Load())
    listing = ast.copy_location(ast.ListComp(element, node.generators), node)
    return lowering.wrap(_lower_glue(lowering, listing))


def _item_values(
    lowering: "ExpressionLowering", name: str, variables: list[str]
) -> dict[str, AnyValue]:
    item = ir.Item(map=name)
    if len(variables) == 1:
        return {variables[0]: item}
    wanted = lowering.shared.name_of(item, "item")
    return {
        variable: ir.Glue(source=glue.source_text(_indexed(wanted, i)), names=((wanted, item),))
        for i, variable in enumerate(variables)
    }


def _indexed(name: str, index: int) -> ast.expr:
    return ast.Subscript(ast.Name(name, ast.Load()), ast.Constant(index), ast.Load())
