"""Lowering of `assert` and `raise`: a small step that raises, where Python would."""

import ast
import builtins
from typing import TYPE_CHECKING, ClassVar

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyValue
from headrace.compiler.frontend.branches import lower_if
from headrace.compiler.frontend.lowering import REFUSED
from headrace.compiler.frontend.scopes import free_names
from headrace.compiler.suggestions import did_you_mean

if TYPE_CHECKING:
    from headrace.compiler.frontend.statements import BlockLowering


class Failure(ast.stmt):
    """A statement that raises the exception `exception`, a dotted name, made of `arguments`."""

    _fields: ClassVar[tuple[str, ...]] = ("arguments", "keywords")

    def __init__(
        self,
        exception: str,
        id: str,
        arguments: list[ast.expr],
        keywords: list[ast.keyword] | None = None,
    ) -> None:
        """Keep what is raised, and the id of the node that raises it."""
        super().__init__()
        self.exception = exception
        self.id = id
        self.arguments = arguments
        self.keywords = keywords or []


def lower_assert(lowering: "BlockLowering", node: ast.Assert, live: frozenset[str]) -> None:
    """Lower `assert test, message` as the `if` that Python defines it by."""
    subject = next((name.id for name in free_names(node.test)), "")
    failure = Failure("AssertionError", f"assert-{subject}", [node.msg] if node.msg else [])
    ast.copy_location(failure, node)
    passed = ast.copy_location(ast.Pass(), node)
    lower_if(lowering, ast.copy_location(ast.If(node.test, [passed], [failure]), node), live)


def lower_raise(lowering: "BlockLowering", node: ast.Raise) -> None:
    """Lower `raise Class(...)`, `raise Class` and, in a handler, `raise` of what it handles."""
    handled = _handled(lowering, node.exc)
    if handled is not None:
        again = ast.Name("raise_again", ast.Load())
        call = ast.Call(again, [lowering.expressions.embed(handled, "error")], [])
        _add(lowering, lowering.expressions.wrap(call), "raise", node)
        return
    called = node.exc if isinstance(node.exc, ast.Call) else None
    if node.exc is None:
        lowering.error(
            "HR102",
            node,
            "there is no exception here to raise again",
            "name a class: `raise ValueError(...)`",
        )
        lowering.ends = True
        return
    named = called.func if called else node.exc
    exception = exception_name(lowering, named)
    if exception is None and is_reported(lowering, named):
        lowering.ends = True
        return
    if exception is None or (called and any(isinstance(a, ast.Starred) for a in called.args)):
        lowering.error(
            "HR102",
            node,
            "only an exception's class, or a call of it, can be raised in a pipeline body",
            "raise the exception in a step",
        )
        lowering.ends = True
        return
    arguments, keywords = (called.args, called.keywords) if called else ([], [])
    id = f"raise-{exception.rpartition('.')[2]}"
    lower_failure(lowering, ast.copy_location(Failure(exception, id, arguments, keywords), node))


def _handled(lowering: "BlockLowering", node: ast.expr | None) -> AnyValue | None:
    """Return the exception that `raise` of `node` raises again, if it does that."""
    handling = lowering.shared.handling
    if node is None:
        return handling[0][1] if handling else None
    if not isinstance(node, ast.Name):
        return None
    known = lowering.environment.get(node.id)
    return next((error for name, error in handling if name == node.id and error == known), None)


def lower_failure(lowering: "BlockLowering", node: Failure) -> None:
    """Add the step that raises the exception of `node`."""
    call = ast.Call(ast.Name("fail", ast.Load()), [ast.Constant(node.exception)], [])
    expressions = lowering.expressions
    call.args += [expressions.visit(argument) for argument in node.arguments]
    call.keywords = [ast.keyword(k.arg, expressions.visit(k.value)) for k in node.keywords]
    raised = expressions.wrap(call)
    _add(lowering, raised, node.id, node)


def _add(lowering: "BlockLowering", raised: AnyValue, id: str, node: ast.AST) -> None:
    assert isinstance(raised, ir.Glue)
    lowering.block.raise_(raised, lowering.shared.fresh_id(id), lowering.span(node))
    if lowering.shared.catching:
        lowering.left = True
    else:
        lowering.ends = True


def is_reported(lowering: "BlockLowering", node: ast.expr) -> bool:
    """Report a misspelt class of exceptions; whether nothing more is to be said of `node`."""
    if not isinstance(node, ast.Name):
        return False
    if lowering.environment.get(node.id) == REFUSED:
        return True
    shared = lowering.shared
    if lowering.expressions.is_local(node.id) or hasattr(builtins, node.id):
        return False
    if shared.project.resolve(shared.module, node.id) is not None:
        return False
    known = [name for name, value in vars(builtins).items() if _is_exception(value)]
    known += [n for n, b in shared.module.bindings.items() if b.kind in ("class", "import")]
    hint = did_you_mean(node.id, known) or "define the class at the top of the module"
    lowering.error("HR201", node, f"unknown name `{node.id}`", hint)
    return True


def _is_exception(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def exception_name(lowering: "BlockLowering", node: ast.expr | None) -> str | None:
    """Return the dotted name of the class that `node` names, as the shim finds it."""
    dotted = lowering.expressions.dotted(node) if node is not None else None
    if node is None or dotted is None or lowering.expressions.is_local(dotted.split(".")[0]):
        return None
    shared = lowering.shared
    definition = shared.project.resolve(shared.module, dotted)
    if definition is None:
        found = getattr(builtins, dotted, None)
        return dotted if _is_exception(found) else None
    if definition.kind == "class" and definition.module is not None:
        return f"{definition.module.name}.{definition.name}"
    return definition.name if definition.kind == "foreign" else None
