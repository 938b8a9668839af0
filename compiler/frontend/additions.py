"""Lowering of statements that add to a list or a dict of the pipeline's own: `out.append(x)`."""

import ast
from typing import TYPE_CHECKING

from headrace.compiler import glue
from headrace.compiler.frontend.lowering import REFUSED, FreshKind, Unavailable
from headrace.compiler.frontend.names import report_unknown
from headrace.compiler.frontend.scopes import added_to

if TYPE_CHECKING:
    from headrace.compiler.frontend.expressions import ExpressionLowering
    from headrace.compiler.frontend.statements import BlockLowering


def fresh_kind(node: ast.expr) -> FreshKind | None:
    """Return what `node` makes, if it is a list or a dict that nothing else holds."""
    match node:
        case ast.List() | ast.ListComp():
            return "list"
        case ast.Dict() | ast.DictComp():
            return "dict"
    return None


def lower_addition(lowering: "BlockLowering", node: ast.stmt) -> bool:
    """Bind a name to its list or dict with what `node` adds; False if `node` is no addition."""
    name = added_to(node)
    value = lowering.environment.get(name) if name is not None else None
    if name is None or value is None or isinstance(value, Unavailable):
        return False
    kind: FreshKind = "dict" if isinstance(node, ast.Assign) else "list"
    if value == REFUSED:
        report_unknown(lowering.expressions, node)
        return True
    known = lowering.environment.fresh.get(name)
    if known is not None and known != kind:
        lowering.error(
            "HR106",
            node,
            f"`{name}` is a {known}, to which this adds nothing",
            "only `append`, `extend`, `+=` of a list, and entries of a dict are additions: "
            "make other changes in a step",
        )
        return True
    if known is None:
        lowering.error(
            "HR106",
            node,
            f"`{name}` is not known to be a {kind} that nothing else holds",
            f"make it a {kind} display just above, and read it only after all additions",
        )
        return True
    expressions = lowering.expressions
    was_required = value in lowering.block.obligations
    whole = expressions.embed(value, name)
    changed, may_raise = _changed(expressions, whole, node, name)
    new = expressions.wrap(changed)
    lowering.environment[name] = new
    lowering.assigned[name] = lowering.span(node)
    if was_required or may_raise:
        lowering.require(new, node)
    return True


def _changed(
    expressions: "ExpressionLowering", whole: ast.expr, node: ast.stmt, name: str
) -> tuple[ast.expr, bool]:
    """Return `whole` with what `node` adds, and whether evaluating that may raise."""
    match node:
        case ast.Assign(targets=[ast.Subscript(slice=key)], value=value):
            # Python evaluates the value before the key.
            added = expressions.taken(value, name)
            key = expressions.taken(key, name)
            may_raise = not (isinstance(key, ast.Constant) and glue.never_raises(added))
            return _with_entry(whole, key, added), may_raise
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="append"), args=[element])):
            added = expressions.taken(element, name)
            return _with_element(whole, added), not glue.never_raises(added)
        case ast.Expr(value=ast.Call(args=[several])) | ast.AugAssign(value=several):
            added = expressions.taken(several, name)
            return _with_element(whole, ast.Starred(added, ast.Load())), True
    raise AssertionError(ast.dump(node))


def _with_element(whole: ast.expr, element: ast.expr) -> ast.expr:
    """Return the display of the list `whole` with `element` after it."""
    before = whole.elts if isinstance(whole, ast.List) else [ast.Starred(whole, ast.Load())]
    return ast.List([*before, element], ast.Load())


def _with_entry(whole: ast.expr, key: ast.expr, value: ast.expr) -> ast.expr:
    """Return the display of the dict `whole` with one more entry."""
    if isinstance(whole, ast.Dict):
        return ast.Dict([*whole.keys, key], [*whole.values, value])
    return ast.Dict([None, key], [whole, value])
