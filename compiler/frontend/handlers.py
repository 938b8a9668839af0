"""Lowering of `try` and `except`: a handled exception is a value, which branches test.

A step under handlers that raises what they handle succeeds; its output `caught` is a tuple of the
handler and the exception, else None. What follows such a step in the `try` stands in an arm that is
taken only if nothing was caught.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyReference, AnyValue, defining_node
from headrace.compiler.frontend.blocks import kebab
from headrace.compiler.frontend.branches import add_branch
from headrace.compiler.frontend.failures import exception_name, is_reported
from headrace.compiler.frontend.lowering import EXCEPTION, NOTHING, Environment, Unavailable
from headrace.compiler.frontend.normal_form import NormalForm
from headrace.compiler.frontend.scopes import flow_into, live_after, may_raise, names_bound
from headrace.compiler.source import Span

if TYPE_CHECKING:
    from headrace.compiler.frontend.statements import BlockLowering


@dataclass(frozen=True)
class Raised:
    """A place where an exception may have been caught.

    `before` is what names stand for if it was, `rest` what follows if it was not.
    """

    exception: AnyValue
    before: Environment
    rest: Sequence[ast.stmt]
    span: Span


# --- what may raise, and what follows it ---------------------------------------------------------


def run_under_handlers(
    lowering: "BlockLowering", statements: Sequence[ast.stmt], live: frozenset[str]
) -> None:
    """Lower `statements`, each of which Python reaches only if none before has raised."""
    raised = _until_raised(lowering, statements, live)
    if raised is not None:
        _go_on(lowering, raised, live)


def _until_raised(
    lowering: "BlockLowering", statements: Sequence[ast.stmt], live: frozenset[str]
) -> Raised | None:
    """Lower `statements` up to the first place where an exception may have been caught."""
    has_step = lowering.expressions.has_step
    simple = NormalForm(has_step, lowering.shared.numbers).statements(statements)
    later = live_after(simple, live)
    for index, statement in enumerate(simple):
        before = lowering.environment.inner()
        lowering.statement(statement, later.get(index, live))
        if lowering.ends:
            return None
        exception = _taken(lowering)
        if exception is not None:
            if isinstance(statement, ast.If | ast.For | ast.Try):
                before = lowering.environment.inner()
            rest = () if lowering.left else simple[index + 1 :]
            return Raised(exception, before, rest, lowering.span(statement))
    return None


def _taken(lowering: "BlockLowering") -> AnyValue | None:
    """Return the exception that may have been caught just now, if there is one."""
    block, environment = lowering.block, lowering.environment
    block.evaluate_required()
    found = [*block.raised, environment[EXCEPTION]]
    block.raised.clear()
    environment[EXCEPTION] = NOTHING
    caught = [value for value in found if not isinstance(value, Unavailable) and value != NOTHING]
    if len(caught) < 2:
        return caught[0] if caught else None
    expressions = lowering.expressions
    each: list[ast.expr] = [expressions.embed(value, "caught") for value in caught]
    first = ast.Name("first_raised", ast.Load())
    return expressions.wrap(ast.Call(first, [ast.Tuple(each, ast.Load())], []))


def _go_on(lowering: "BlockLowering", raised: Raised, live: frozenset[str]) -> None:
    """Lower what follows `raised` if nothing was caught, and bind what was caught."""
    environment = lowering.environment
    changed = (_changed(lowering, raised) | names_bound(raised.rest).keys()) & live
    if not _any_may_raise(lowering, raised.rest) and not changed & raised.before.keys():
        for statement in raised.rest:
            lowering.statement(statement, live)
        environment.unsure |= changed
        _bind(lowering, raised.exception, raised.span)
        return
    caught, fine = lowering.inner(raised.before.inner()), lowering.inner()
    _bind(caught, raised.exception, raised.span)
    caught.left = True
    fine.assigned.update(dict.fromkeys(sorted(_changed(lowering, raised)), raised.span))
    fine.run(raised.rest, live)
    id = lowering.shared.fresh_id(f"after-{_origin(raised.exception)}")
    condition = _condition(lowering, raised, id)
    add_branch(lowering, id, condition, [caught, fine], live, raised.span)


def _changed(lowering: "BlockLowering", raised: Raised) -> set[str]:
    """Return the names that stand for something else if nothing was caught."""
    now, before = lowering.environment, raised.before
    return {name for name, value in now.items() if before.get(name) is not value}


def _any_may_raise(lowering: "BlockLowering", statements: Sequence[ast.stmt]) -> bool:
    return any(may_raise(statement, lowering.expressions.has_step) for statement in statements)


def _bind(lowering: "BlockLowering", exception: AnyValue, span: Span) -> None:
    lowering.environment[EXCEPTION] = exception
    lowering.assigned[EXCEPTION] = span


def _origin(exception: AnyValue) -> str:
    maker = None if isinstance(exception, ir.Glue) else defining_node(exception)
    return maker or "steps"


def _condition(
    lowering: "BlockLowering", raised: Raised, id: str, handler: str | None = None
) -> AnyReference:
    """Return whether something was caught, by `handler` if it is given, as engines read it."""
    expressions = lowering.expressions
    caught = expressions.embed(raised.exception, "caught")
    test: ast.expr = ast.Compare(caught, [ast.IsNot()], [ast.Constant(None)])
    if handler is not None:
        first = ast.Subscript(caught, ast.Constant(0), ast.Load())
        is_handler = ast.Compare(first, [ast.Eq()], [ast.Constant(handler)])
        test = ast.BoolOp(ast.And(), [test, is_handler])
    glue = expressions.wrap(test)
    return lowering.block.settle(glue, "condition", f"{id}-condition", raised.span)


# --- try -----------------------------------------------------------------------------------------


def lower_try(lowering: "BlockLowering", node: ast.Try, live: frozenset[str]) -> None:
    """Lower `node`, which has handlers and no `finally`."""
    shared, outer = lowering.shared, lowering.shared.catching
    name = shared.handler_names.fresh(f"{shared.prefix}{subject(node)}")
    own = [_catch(lowering, handler, f"{name}.{i}") for i, handler in enumerate(node.handlers)]
    needed = flow_into(node.orelse).needed.union(
        *(
            flow_into(handler.body, [handler.name] if handler.name else []).needed
            for handler in node.handlers
        )
    )
    lowering.environment[EXCEPTION] = NOTHING
    with shared.within(catching=(*own, *outer)):
        raised = _tried(lowering, node.body, live | needed | {EXCEPTION})
    if raised is not None:
        _dispatch(lowering, node, own, raised, live | {EXCEPTION} if outer else live)
    elif not lowering.ends:
        lowering.run(node.orelse, live)
    if not outer:
        lowering.environment.pop(EXCEPTION, None)
        lowering.left = False


def _tried(
    lowering: "BlockLowering", statements: Sequence[ast.stmt], live: frozenset[str]
) -> Raised | None:
    raised = _until_raised(lowering, statements, live)
    if raised is None or not _any_may_raise(lowering, raised.rest):
        return raised
    _go_on(lowering, raised, live)
    exception = _taken(lowering)
    assert exception is not None
    return Raised(exception, lowering.environment.inner(), (), raised.span)


def _dispatch(
    lowering: "BlockLowering",
    node: ast.Try,
    own: list[ir.Catch],
    raised: Raised,
    live: frozenset[str],
) -> None:
    """Add the branch between the handlers of `node` and what Python does without an exception."""
    id = lowering.shared.fresh_id(f"try-{_origin(raised.exception)}")
    condition = _condition(lowering, raised, id)
    handlers = list(zip(node.handlers, own, strict=True))
    tested = handlers if lowering.shared.catching else handlers[:-1]
    tests = [_condition(lowering, raised, id, catch.handler) for _, catch in tested]
    known = raised.before.inner({EXCEPTION: NOTHING})
    span = lowering.span(node)
    unsure = sorted(known.unsure)  # in an order that a set does not have
    for name in unsure:
        known[name] = Unavailable(raised.span, span, "the exception decides which value it has")
    known.unsure.clear()
    caught, fine = lowering.inner(known), lowering.inner()
    caught.assigned.update(dict.fromkeys(unsure, raised.span))
    fine.environment.unsure.clear()
    fine.assigned.update(dict.fromkeys(sorted(_changed(lowering, raised)), raised.span))
    _handle(caught, node.handlers, tests, raised, live)
    if lowering.left:
        fine.ends = True  # what the block raises at its end is handled, or fails
    else:
        fine.run([*raised.rest, *node.orelse], live)
    add_branch(lowering, id, condition, [caught, fine], live, span)


def _handle(
    lowering: "BlockLowering",
    handlers: Sequence[ast.ExceptHandler],
    tests: list[AnyReference],
    raised: Raised,
    live: frozenset[str],
) -> None:
    """Lower `handlers`, of which the first whose test is true runs; without one none is needed."""
    if not handlers:
        _bind(lowering, raised.exception, raised.span)
        lowering.left = True
    elif not tests:
        _run_handler(lowering, handlers[0], raised, live)
    else:
        chosen, others = lowering.inner(), lowering.inner()
        _run_handler(chosen, handlers[0], raised, live)
        _handle(others, handlers[1:], tests[1:], raised, live)
        id = lowering.shared.fresh_id("except")
        add_branch(lowering, id, tests[0], [chosen, others], live, lowering.span(handlers[0]))


def _run_handler(
    lowering: "BlockLowering", node: ast.ExceptHandler, raised: Raised, live: frozenset[str]
) -> None:
    shared, expressions = lowering.shared, lowering.expressions
    caught = expressions.embed(raised.exception, "caught")
    error = expressions.wrap(ast.Subscript(caught, ast.Constant(1), ast.Load()))
    if node.name:
        lowering.environment[node.name] = error
    with shared.within(handling=((node.name, error), *shared.handling)):
        lowering.run(node.body, live)
    if node.name:
        span = lowering.span(node)
        gone = Unavailable(span, span, "Python unbinds it at the end of the handler")
        lowering.environment[node.name] = gone
        lowering.assigned[node.name] = span


def subject(node: ast.Try) -> str:
    """Return what `node` is about: the first function that it calls."""
    inside = (inner for statement in node.body for inner in ast.walk(statement))
    calls = (ast.unparse(inner.func) for inner in inside if isinstance(inner, ast.Call))
    return kebab(next(calls, "try").rpartition(".")[2])


def _catch(lowering: "BlockLowering", node: ast.ExceptHandler, handler: str) -> ir.Catch:
    named = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    classes = []
    for each in named:
        name = "BaseException" if each is None else exception_name(lowering, each)
        if name is not None:
            classes.append(name)
            continue
        if each is not None and is_reported(lowering, each):
            continue
        lowering.error(
            "HR102",
            each or node,
            "a handler in a pipeline body needs the names of exception classes",
            "name a class, or a tuple of classes",
        )
    return ir.Catch(handler=handler, classes=tuple(classes) or ("Exception",))
