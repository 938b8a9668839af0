"""Lowering of names that stand where a value is read, and what is wrong with those that cannot."""

import ast
import builtins
from typing import TYPE_CHECKING

from headrace.compiler import glue, ir
from headrace.compiler.diagnostics import Related
from headrace.compiler.frontend import fold
from headrace.compiler.frontend.absent import refuse_absent
from headrace.compiler.frontend.lowering import Unavailable
from headrace.compiler.frontend.project import Definition, Kind
from headrace.compiler.suggestions import did_you_mean
from headrace.runtime import wire

if TYPE_CHECKING:
    from headrace.compiler.frontend.expressions import ExpressionLowering

_KINDS: dict[Kind, str] = {
    "function": "a function",
    "class": "a class",
    "constant": "computed when the module is imported",
    "module": "a module",
    "foreign": "imported from a library",
    "other": "bound more than once, or changed",
}


def lower_name(lowering: "ExpressionLowering", node: ast.Name) -> ast.expr:
    """Read a variable, or a constant of the module."""
    for scope in reversed(lowering.bound):
        if node.id in scope:
            return ast.Name(scope[node.id], node.ctx)
    found = lowering.environment.get(node.id)
    if isinstance(found, Unavailable):
        return _unbound(lowering, node, found)
    if found is not None:
        lowering.environment.fresh.pop(node.id, None)
        return lowering.embed(found, node.id)
    if node.id in lowering.shared.local_names:
        return name_error(
            lowering,
            node,
            f"`{node.id}` is read before it is bound",
            label="not bound yet",
            hint="a name that the pipeline assigns is its own everywhere in it: rename it",
        )
    absent = refuse_absent(lowering, node, node.id)
    if absent is not None:
        return absent
    definition = lowering.shared.project.resolve(lowering.shared.module, node.id)
    if definition is None:
        return _unknown(lowering, node)
    return _module_constant(lowering, node, definition)


def name_error(
    lowering: "ExpressionLowering",
    node: ast.expr,
    message: str,
    *,
    label: str = "",
    hint: str,
    code: str = "HR201",
    related: tuple[Related, ...] = (),
) -> ast.expr:
    """Report that the name `node` cannot be read: once for each pipeline and way to bind it."""
    shared = lowering.shared
    key = (lowering.dotted(node), *shared.callers[-1:], *related)
    if key in shared.reported:
        return lowering.refused()
    shared.reported.add(key)
    return lowering.error(code, node, message, label=label, hint=hint, related=related)


def _unbound(lowering: "ExpressionLowering", node: ast.Name, found: Unavailable) -> ast.expr:
    return name_error(
        lowering,
        node,
        f"`{node.id}` may be unbound here",
        label="read here",
        hint=f"bind `{node.id}` on every way to here",
        code="HR202",
        related=(
            Related(span=found.bound_at, message=f"`{node.id}` is bound here"),
            Related(span=found.branch_at, message=found.why),
        ),
    )


def _module_constant(
    lowering: "ExpressionLowering", node: ast.Name, definition: Definition
) -> ast.expr:
    constant = _constant(lowering, node, definition, node.id)
    if constant is not None:
        return constant
    is_value = definition.kind in ("constant", "other")
    return name_error(
        lowering,
        node,
        f"`{node.id}` is not a value that a pipeline can read",
        label=_KINDS[definition.kind],
        hint="pass it as a parameter, or return it from a step" if is_value else "use it in a step",
    )


def read_module_attribute(
    lowering: "ExpressionLowering", node: ast.Attribute, dotted: str
) -> ast.expr | None:
    """Return the constant of a first-party module that `dotted` names; None if it names none."""
    shared = lowering.shared
    definition = shared.project.resolve(shared.module, dotted)
    if definition is None or definition.kind != "constant":
        return None
    shared.project.closure()  # every module that may assign to it is loaded
    assigned = any(
        isinstance(other, ast.Attribute)
        and other.attr == node.attr
        and not isinstance(other.ctx, ast.Load)
        for module in shared.project.modules.values()
        for other in module.nodes
    )
    return None if assigned else _constant(lowering, node, definition, node.attr)


def _constant(
    lowering: "ExpressionLowering", node: ast.expr, definition: Definition, name: str
) -> ast.expr | None:
    """Return the value of the constant `definition`, for which glue has `name`; None for others."""
    if definition.kind != "constant" or not isinstance(definition.node, ast.expr):
        return None
    try:
        value = fold.constant_of(definition.node)
    except fold.NotConstant:
        return None
    if not fold.is_immutable(value) and lowering.shared.is_shared(definition):
        return name_error(
            lowering,
            node,
            f"`{ast.unparse(node)}` can be changed by other code that uses it",
            label="a list or a dict of the module",
            hint="write a tuple, or return the value from a step",
        )
    return lowering.embed(ir.Const(text=wire.encode(value)), name)


def report_unknown(lowering: "ExpressionLowering", *nodes: ast.AST) -> None:
    """Report the unknown names in `nodes`, which are refused, or passed over, as a whole.

    Functions in them may never be called, so their names may never be looked for.
    """
    shared = lowering.shared
    inside: list[ast.AST] = []
    pending = list(nodes)[::-1]
    while pending:
        node = pending.pop()
        inside.append(node)
        if not isinstance(node, ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            pending.extend([*ast.iter_child_nodes(node)][::-1])
    bound = {*lowering.environment, *shared.local_names}.union(*lowering.bound)
    bound |= {n.id for n in inside if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    for node in inside:
        if not isinstance(node, ast.Name) or node.id in bound or hasattr(builtins, node.id):
            continue
        if shared.project.resolve(shared.module, node.id) is None:
            _unknown(lowering, node)


def _unknown(lowering: "ExpressionLowering", node: ast.Name) -> ast.expr:
    if hasattr(builtins, node.id):
        return name_error(
            lowering,
            node,
            f"`{node.id}` is not a value that a pipeline can read",
            label="a builtin of Python",
            hint="call it" if node.id in glue.BUILTINS else "use it in a step",
        )
    bindings = lowering.shared.module.bindings.items()
    constants = (name for name, binding in bindings if binding.kind == "constant")
    # Names that headrace has given have a blank in them.
    variables = filter(str.isidentifier, lowering.environment)
    known = [*variables, *constants, *glue.BUILTINS]
    return name_error(
        lowering,
        node,
        f"unknown name `{node.id}`",
        label="not bound here",
        hint=did_you_mean(node.id, known) or "bind it above, or make it a parameter",
    )
