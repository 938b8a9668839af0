"""Reading of names: variables of the pipeline, constants of its module."""

import ast
import builtins
from typing import TYPE_CHECKING

from headrace.compiler import ir
from headrace.compiler.diagnostics import Related
from headrace.compiler.frontend import fold, glue
from headrace.compiler.frontend.absent import refuse_absent
from headrace.compiler.frontend.lowering import Unavailable
from headrace.compiler.frontend.project import Definition
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
    absent = refuse_absent(lowering, node, node.id)
    if absent is not None:
        return absent
    if definition is None:
        return _unknown_name(lowering, node)
    constant = _constant(lowering, node, definition, node.id)
    if constant is not None:
        return constant
    return lowering.error(
        "HR201",
        node,
        f"`{node.id}` is not a value that a pipeline can read",
        label=f"a {definition.kind} of the module",
        hint="pass it as a parameter, or return it from a step",
    )


def read_module_attribute(
    lowering: "ExpressionLowering", node: ast.Attribute, dotted: str
) -> ast.expr | None:
    """Return the constant of a first-party module that `dotted` names; None if it names none."""
    shared = lowering.shared
    definition = shared.project.resolve(shared.module, dotted)
    shared.project.closure()  # every module that may assign to it is loaded
    assigned = any(
        isinstance(other, ast.Attribute)
        and other.attr == node.attr
        and not isinstance(other.ctx, ast.Load)
        for module in shared.project.modules.values()
        for other in module.nodes
    )
    if definition is None or assigned:
        return None
    return _constant(lowering, node, definition, node.attr)


def _constant(
    lowering: "ExpressionLowering", node: ast.expr, definition: Definition, name: str
) -> ast.expr | None:
    """Return the value of the constant `definition`, for which glue has `name`; None for others."""
    if definition.kind != "constant" or not isinstance(definition.node, ast.expr):
        return None
    try:
        value = fold.constant(ast.parse(ast.unparse(definition.node), mode="eval").body)
    except fold.NotConstant:
        return None
    if not fold.is_immutable(value) and lowering.shared.is_shared(definition):
        return _may_change(lowering, node)
    return lowering.embed(ir.Const(text=wire.encode(value)), name)


def _may_change(lowering: "ExpressionLowering", node: ast.expr) -> ast.expr:
    return lowering.error(
        "HR201",
        node,
        f"`{ast.unparse(node)}` can be changed by other code that uses it",
        label="a list or a dict of the module",
        hint="write a tuple, or return the value from a step",
    )


def _unknown_name(lowering: "ExpressionLowering", node: ast.Name) -> ast.expr:
    if hasattr(builtins, node.id):
        return lowering.error(
            "HR201",
            node,
            f"`{node.id}` of Python itself is not a value that a pipeline can read",
            label="not called here",
            hint="call it" if node.id in glue.BUILTINS else "use it in a step",
        )
    known = [*lowering.environment, *(n for n in glue.BUILTINS)]
    return lowering.error(
        "HR201",
        node,
        f"unknown name `{node.id}`",
        label="not bound here",
        hint=did_you_mean(node.id, known) or "bind it above, or make it a parameter",
    )
