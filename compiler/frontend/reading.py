"""Reading of names: variables of the pipeline, constants of its module."""

import ast
from typing import TYPE_CHECKING

from headrace.compiler import ir
from headrace.compiler.diagnostics import Related
from headrace.compiler.frontend import fold, glue
from headrace.compiler.frontend.lowering import Unavailable
from headrace.compiler.suggestions import did_you_mean
from headrace.runtime import wire

if TYPE_CHECKING:
    from headrace.compiler.frontend.expressions import ExpressionLowering


def read_name(lowering: "ExpressionLowering", node: ast.Name) -> ast.expr:
    """Return what the name `node` stands for, as glue."""
    found = lowering.environment.get(node.id)
    if isinstance(found, Unavailable):
        related = (
            Related(span=found.bound_at, message=f"`{node.id}` is bound here"),
            Related(span=found.branch_at, message=found.why),
        )
        return lowering.error(
            "HR202",
            node,
            f"`{node.id}` may be unbound here",
            label="read here",
            hint=f"bind `{node.id}` on every way to here",
            related=related,
        )
    if found is not None:
        lowering.environment.fresh.pop(node.id, None)
        return lowering.embed(found, node.id)
    return _module_constant(lowering, node)


def _module_constant(lowering: "ExpressionLowering", node: ast.Name) -> ast.expr:
    if node.id in lowering.shared.local_names:
        return lowering.error(
            "HR201",
            node,
            f"`{node.id}` is read before it is bound",
            label="not bound yet",
            hint="a name that the pipeline assigns is its own everywhere in it: rename it",
        )
    definition = lowering.shared.project.resolve(lowering.shared.module, node.id)
    if definition is None:
        return _unknown_name(lowering, node)
    if definition.kind == "constant" and isinstance(definition.node, ast.expr):
        try:
            value = fold.constant(ast.parse(ast.unparse(definition.node), mode="eval").body)
        except fold.NotConstant:
            pass
        else:
            if not fold.is_immutable(value) and lowering.shared.is_shared(definition):
                return _may_change(lowering, node)
            return lowering.embed(ir.Const(text=wire.encode(value)), node.id)
    return lowering.error(
        "HR201",
        node,
        f"`{node.id}` is not a value that a pipeline can read",
        label=f"a {definition.kind} of the module",
        hint="pass it as a parameter, or return it from a step",
    )


def _may_change(lowering: "ExpressionLowering", node: ast.Name) -> ast.expr:
    return lowering.error(
        "HR201",
        node,
        f"`{node.id}` can be changed by other code that uses it",
        label="a list or a dict of the module",
        hint="write a tuple, or return the value from a step",
    )


def _unknown_name(lowering: "ExpressionLowering", node: ast.Name) -> ast.expr:
    known = [*lowering.environment, *(n for n in glue.BUILTINS)]
    return lowering.error(
        "HR201",
        node,
        f"unknown name `{node.id}`",
        label="not bound here",
        hint=did_you_mean(node.id, known) or "bind it above, or make it a parameter",
    )
