"""Which names statements bind and read, and which values they take from before them."""

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from headrace.compiler.frontend.trees import children
from headrace.compiler.glue import never_raises

ADDING_METHODS = frozenset({"append", "extend"})
"""The methods by which a pipeline's body may add to a list of its own."""


_TELLING = frozenset(
    (
        *(ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping, ast.alias),
        *(ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.comprehension),
        *(ast.Expr, ast.Assign, ast.AugAssign),
    )
)
"""The nodes that bind a name, or that `names_bound` does not look through as it does others."""


def names_bound(nodes: Iterable[ast.AST]) -> dict[str, ast.AST]:
    """Return the variables that `nodes` bind in the function they stand in, each with a place."""
    found: dict[str, ast.AST] = {}
    pending = list(nodes)[::-1]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                found.setdefault(node.id, node)
            continue
        if type(node) not in _TELLING:
            pending.extend(reversed(children(node)))
            continue
        if isinstance(node, ast.stmt) and added_to(node) is not None:
            pending.extend(expressions_of(node))
            continue
        match node:
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.MatchMapping(rest=str(name))
            ):
                found.setdefault(name, node)
            case ast.alias():
                found.setdefault(node.asname or node.name.partition(".")[0], node)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found.setdefault(name, node)
                continue
            case ast.Lambda():
                continue
        if not isinstance(node, ast.comprehension):
            pending.extend(reversed(children(node)))
        else:
            pending.extend([node.iter, *node.ifs])
    return found


def added_to(statement: ast.stmt) -> str | None:
    """Return the name of the list or dict that `statement` adds to, if that is what it does."""
    match statement:
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attribute), keywords=[])
        ) if attribute in ADDING_METHODS:
            return name
        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))]):
            return name
        case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=ast.List()):
            return name
    return None


def expressions_of(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield what `statement`, which adds to a list or a dict, evaluates for that."""
    match statement:
        case ast.Expr(value=ast.Call(args=arguments)):
            yield from arguments
        case ast.Assign(targets=[ast.Subscript(slice=key)], value=value):
            yield from (value, key)
        case ast.AugAssign(value=value):
            yield value


@dataclass
class Flow:
    """What a list of statements takes from before it.

    `exposed` are the names whose earlier value it may read, `added` the lists and dicts from
    before that it adds to, each with a place. `bound` are the names that are surely bound at its
    end, if that is reached.
    """

    exposed: dict[str, ast.AST] = field(default_factory=dict)
    added: dict[str, ast.AST] = field(default_factory=dict)
    bound: frozenset[str] = frozenset()

    @property
    def needed(self) -> frozenset[str]:
        """The names from before without which the statements cannot do."""
        return frozenset([*self.exposed, *self.added])


def flow_into(statements: Iterable[ast.stmt], bound: Iterable[str] = ()) -> Flow:
    """Return what `statements` take from before them; the names `bound` are bound already."""
    flow = Flow()
    flow.bound = _Walk(flow).block(statements, frozenset(bound)) or frozenset()
    return flow


def live_after(statements: Sequence[ast.stmt], live: frozenset[str]) -> dict[int, frozenset[str]]:
    """Return the names that are read after each statement that holds blocks, by its index.

    `live` are those that are read after all of them.
    """
    found: dict[int, frozenset[str]] = {}
    holding = (n for n, statement in enumerate(statements) if isinstance(statement, _COMPOUND))
    first = next(holding, len(statements))
    current = set(live)
    for index in range(len(statements) - 1, first - 1, -1):
        statement = statements[index]
        if isinstance(statement, _COMPOUND):
            found[index] = frozenset(current)
        flow = flow_into([statement])
        current -= flow.bound
        current |= flow.needed
    return found


_COMPOUND = (ast.If, ast.For, ast.Try, ast.Assert)

_Bound = frozenset[str] | None
"""The names that are surely bound; None where no statement is ever reached."""


class _Walk:
    def __init__(self, flow: Flow) -> None:
        self._flow = flow

    def block(self, statements: Iterable[ast.stmt], bound: _Bound) -> _Bound:
        for statement in statements:
            if bound is None:
                return None
            bound = self._statement(statement, bound)
        return bound

    def _statement(self, node: ast.stmt, bound: frozenset[str]) -> _Bound:
        added = added_to(node)
        if added is not None:
            for expression in expressions_of(node):
                self._read(expression, bound)
            if added not in bound:
                self._flow.added.setdefault(added, node)
            return bound
        match node:
            case ast.If():
                self._read(node.test, bound)
                return _either(self.block(node.body, bound), self.block(node.orelse, bound))
            case ast.For():
                self._read(node.iter, bound)
                self.block(node.body, bound | names_bound([node.target]).keys())
                return self.block(node.orelse, bound)
            case ast.Try():
                return self._try(node, bound)
            case ast.Raise() | ast.Return() | ast.Continue() | ast.Break():
                self._read(node, bound)
                return None
            case ast.AugAssign(target=ast.Name(id=name)) if name not in bound:
                self._flow.exposed.setdefault(name, node.target)
        self._read(node, bound)
        return bound | names_bound([node]).keys()

    def _try(self, node: ast.Try, bound: frozenset[str]) -> _Bound:
        body = self.block(node.body, bound)
        ends = [body if body is None else self.block(node.orelse, body)]
        for handler in node.handlers:
            named = {handler.name} if handler.name else set()
            ends.append(self.block(handler.body, bound | named))
        end: _Bound = None
        for other in ends:
            end = _either(end, other)
        self.block(node.finalbody, bound)
        return end if end is None else end | names_bound(node.finalbody).keys()

    def _read(self, node: ast.AST, bound: frozenset[str]) -> None:
        for name in free_names(node):
            if name.id not in bound:
                self._flow.exposed.setdefault(name.id, name)


def free_names(node: ast.AST, bound: frozenset[str] = frozenset()) -> Iterator[ast.Name]:
    """Yield the names that `node` reads from outside itself, with the scopes of comprehensions."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            if name not in bound:
                yield node
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            for generator in node.generators:
                yield from free_names(generator.iter, bound)
                bound |= names_bound([generator.target]).keys()
                for test in generator.ifs:
                    yield from free_names(test, bound)
            results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            for result in results:
                yield from free_names(result, bound)
        case _:
            for child in children(node):
                yield from free_names(child, bound)


def _either(one: _Bound, other: _Bound) -> _Bound:
    if one is None or other is None:
        return one if other is None else other
    return one & other


def may_raise(node: ast.AST, has_step: Callable[[ast.AST], bool]) -> bool:
    """Whether Python may raise an exception in the statement `node`, as far as its text tells."""
    match node:
        case ast.Pass():
            return False
        case ast.Assign(targets=[ast.Name()], value=value) | ast.Expr(value=value):
            return has_step(value) or not never_raises(value)
    return True


def can_complete(statements: Sequence[ast.stmt]) -> bool:
    """Whether control may reach the end of `statements`."""
    return all(map(_can_complete, statements))


def _can_complete(node: ast.stmt) -> bool:
    match node:
        case ast.Return() | ast.Raise() | ast.Continue() | ast.Break():
            return False
        case ast.If():
            return can_complete(node.body) or can_complete(node.orelse)
        case ast.Try():
            if not can_complete(node.finalbody):
                return False
            tried = can_complete(node.body) and can_complete(node.orelse)
            return tried or any(can_complete(handler.body) for handler in node.handlers)
    return True
