"""Statements written out in simpler ones: `match` as `if`, ways out of a block as arms of `if`.

After this a `return` stands only at the end of a block, as an assignment to `RESULT`, and no
`continue` is left. What has no such form stays as it is, for the lowering to refuse.
"""

import ast
from collections.abc import Sequence
from itertools import count
from typing import TypeVar

from headrace.compiler.frontend.scopes import can_complete

RESULT = "return"
"""The variable, with a name that no source can write, that holds what the pipeline returns."""

MOST_COPIES = 1000
"""How many statements after blocks that may be left in the middle are written out again."""


class TooManyWays(Exception):
    """The ways through `node` are too many to be written out one by one."""

    def __init__(self, node: ast.AST) -> None:
        """Keep the place."""
        super().__init__()
        self.node = node


def structured(function: ast.FunctionDef) -> list[ast.stmt]:
    """Return the body of `function` in simpler statements.

    Raises:
        TooManyWays: it would become too long.
    """
    body = list(function.body)
    if _jumps(body, ast.Return) and can_complete(body):
        body.append(ast.copy_location(ast.Return(None), body[-1]))
    return _Structure().block(body, ast.Return)


class _Structure:
    """Writes out the statements of one function."""

    def __init__(self) -> None:
        self._copies = 0
        self._subjects = count(1)

    def block(self, statements: Sequence[ast.stmt], jump: type[ast.stmt]) -> list[ast.stmt]:
        """Return `statements`, in which a `jump` leaves the block, without those."""
        done: list[ast.stmt] = []
        for index, statement in enumerate(statements):
            if isinstance(statement, jump):
                return [*done, *_left(statement)]
            spelt = self._match(statement) if isinstance(statement, ast.Match) else None
            if spelt is not None:
                return [*done, *self.block([*spelt, *statements[index + 1 :]], jump)]
            # Not for every statement: there may be thousands.
            rest = statements[index + 1 :] if isinstance(statement, ast.If | ast.Try) else ()
            if isinstance(statement, ast.If) and _jumps([statement], jump):
                return [*done, self._split(statement, rest, jump)]
            if isinstance(statement, ast.Try) and _can_be_split(statement, rest, jump):
                return [*done, self._split_try(statement, rest, jump)]
            done.append(self._inner(statement, jump))
        return done

    def _split(self, node: ast.If, rest: Sequence[ast.stmt], jump: type[ast.stmt]) -> ast.If:
        body, orelse = (self._with_rest(arm, rest, jump) for arm in (node.body, node.orelse))
        return replaced(node, body=body or [_nothing(node)], orelse=orelse)

    def _split_try(self, node: ast.Try, rest: Sequence[ast.stmt], jump: type[ast.stmt]) -> ast.Try:
        """Return `node` with `rest` where Python goes on there: not handled."""
        handlers = [
            replaced(handler, body=self._with_rest(handler.body, rest, jump) or [_nothing(handler)])
            for handler in node.handlers
        ]
        return replaced(
            node,
            body=self.block(node.body, jump) or [_nothing(node)],
            handlers=handlers,
            orelse=self._with_rest(node.orelse, rest, jump) if can_complete(node.body) else [],
        )

    def _with_rest(
        self, block: Sequence[ast.stmt], rest: Sequence[ast.stmt], jump: type[ast.stmt]
    ) -> list[ast.stmt]:
        """Return `block`, and what follows it if its end is reached."""
        if not rest or not can_complete(block):
            return self.block(block, jump)
        self._copies += len(rest)
        if self._copies > MOST_COPIES:
            raise TooManyWays(rest[0])
        return self.block([*block, *rest], jump)

    def _inner(self, node: ast.stmt, jump: type[ast.stmt]) -> ast.stmt:
        """Return `node` with the blocks that it holds written out."""
        match node:
            case ast.If():
                body, orelse = (self.block(arm, jump) for arm in (node.body, node.orelse))
                return replaced(node, body=body, orelse=orelse)
            case ast.For():
                body = self.block(node.body, ast.Continue)
                return replaced(node, body=body, orelse=self.block(node.orelse, jump))
            case ast.Try():
                return replaced(
                    node,
                    body=self.block(node.body, _Nothing),
                    handlers=[
                        replaced(handler, body=self.block(handler.body, _Nothing))
                        for handler in node.handlers
                    ],
                    orelse=self.block(node.orelse, _Nothing),
                    finalbody=self.block(node.finalbody, _Nothing),
                )
        return node

    # --- match -------------------------------------------------------------------------------

    def _match(self, node: ast.Match) -> list[ast.stmt] | None:
        """Return `node` as a chain of `if`; None if a pattern is more than constants."""
        subject = node.subject
        statements: list[ast.stmt] = []
        if not isinstance(subject, ast.Name):
            name = f"match subject {next(self._subjects)}"
            statements.append(_assigned(name, subject, subject))
            subject = ast.copy_location(ast.Name(name, ast.Load()), subject)
        chain: list[ast.stmt] = []
        for case in reversed(node.cases):
            test = _test(case.pattern, subject)
            captured = _captured(case.pattern)
            if test is None or (captured and case.guard and not _is_true(test)):
                return None
            if case.guard is not None:
                test = case.guard if _is_true(test) else _both(test, case.guard)
            binding = [_assigned(captured, subject, case.pattern)] if captured else []
            if _is_true(test):
                chain = [*binding, *case.body]
            elif case.guard is not None:
                chain = [*binding, ast.copy_location(ast.If(test, case.body, chain), case.pattern)]
            else:
                body = [*binding, *case.body]
                chain = [ast.copy_location(ast.If(test, body, chain), case.pattern)]
        return [*statements, *chain]


class _Nothing(ast.stmt):
    """A statement that there is not."""


def _test(pattern: ast.pattern, subject: ast.expr) -> ast.expr | None:
    """Return the expression that says whether `subject` is what `pattern` describes."""
    test: ast.expr | None = None
    match pattern:
        case ast.MatchValue(value=value):
            test = ast.Compare(subject, [ast.Eq()], [value])
        case ast.MatchSingleton(value=value):
            constant = ast.copy_location(ast.Constant(value), pattern)
            test = ast.Compare(subject, [ast.Is()], [constant])
        case ast.MatchOr(patterns=patterns) if not any(_names(p) for p in patterns):
            tests = [_test(alternative, subject) for alternative in patterns]
            known = [t for t in tests if t is not None]
            test = ast.BoolOp(ast.Or(), known) if len(known) == len(tests) else None
        case ast.MatchAs(pattern=None):
            test = ast.Constant(True)
        case ast.MatchAs(pattern=ast.pattern() as inner) if not _names(inner):
            return _test(inner, subject)
    return test if test is None else ast.copy_location(test, pattern)


def unsupported_pattern(node: ast.Match) -> ast.pattern:
    """Return the first pattern for which `node` cannot be a chain of `if`."""
    patterns = [case.pattern for case in node.cases]
    unsupported = (p for p in patterns if _test(p, node.subject) is None)
    # Where every pattern has a test, it is a name bound beside a guard that has none.
    return next(unsupported, next((p for p in patterns if _captured(p)), patterns[0]))


def _names(pattern: ast.pattern) -> bool:
    return any(isinstance(p, ast.MatchAs) and p.name for p in ast.walk(pattern))


def _captured(pattern: ast.pattern) -> str | None:
    return pattern.name if isinstance(pattern, ast.MatchAs) else None


def _is_true(test: ast.expr) -> bool:
    return isinstance(test, ast.Constant) and test.value is True


def _both(first: ast.expr, second: ast.expr) -> ast.expr:
    return ast.copy_location(ast.BoolOp(ast.And(), [first, second]), first)


def _assigned(name: str, value: ast.expr, at: ast.AST) -> ast.stmt:
    target = ast.copy_location(ast.Name(name, ast.Store()), at)
    return ast.copy_location(ast.Assign([target], value), at)


# --- ways out ------------------------------------------------------------------------------------


def _left(node: ast.stmt) -> list[ast.stmt]:
    """Return what is left of the statement `node` that leaves a block."""
    if not isinstance(node, ast.Return):
        return []
    value = node.value or ast.copy_location(ast.Constant(None), node)
    return [_assigned(RESULT, value, node)]


def _can_be_split(node: ast.Try, rest: Sequence[ast.stmt], jump: type[ast.stmt]) -> bool:
    """Whether a `jump` leaves `node`, and what follows it can be written at its blocks' ends."""
    if not _jumps([node], jump) or (rest and node.finalbody):
        return False
    return not (_jumps(node.body, jump) and can_complete(node.body))


def _nothing(at: ast.AST) -> ast.stmt:
    return ast.copy_location(ast.Pass(), at)


def _jumps(statements: Sequence[ast.stmt], jump: type[ast.stmt]) -> bool:
    """Whether a `jump` in `statements` leaves the block that they are."""
    for node in statements:
        if isinstance(node, jump):
            return True
        match node:
            case ast.If() if _jumps([*node.body, *node.orelse], jump):
                return True
            case ast.Match() if any(_jumps(case.body, jump) for case in node.cases):
                return True
            case ast.For() if _jumps(node.orelse, jump):
                return True
            case ast.Try():
                blocks = [node.body, node.orelse, *(handler.body for handler in node.handlers)]
                if any(_jumps(block, jump) for block in blocks):
                    return True
    return False


_Node = TypeVar("_Node", bound=ast.AST)


def replaced(node: _Node, **fields: object) -> _Node:
    """Return `node`, at its place, with other `fields`."""
    new = type(node)(**{**dict(ast.iter_fields(node)), **fields})
    return ast.copy_location(new, node)
