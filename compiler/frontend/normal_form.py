"""Statements in which every step stands alone, in the order in which Python evaluates.

Where exceptions are handled, what follows a step may run only if the step did not raise: written
so, the step and what follows it are statements apart. Names that hold what was an expression before
have a blank in them, as no source can write.
"""

import ast
import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from headrace.compiler import glue
from headrace.compiler.frontend.comprehensions import Comprehension, as_set, loop_of
from headrace.compiler.frontend.scopes import added_to, names_bound
from headrace.compiler.frontend.structure import replaced

_LOOPS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class NormalForm:
    """Writes out statements."""

    def __init__(self, has_step: Callable[[ast.AST], bool], numbers: Iterator[int]) -> None:
        """Ask `has_step` whether something calls a step; take names from `numbers`."""
        self._has_step = has_step
        self._numbers = numbers

    def statements(self, nodes: Iterable[ast.stmt]) -> list[ast.stmt]:
        """Return what `nodes` do."""
        return [statement for node in nodes for statement in self._statement(node)]

    def _statement(self, node: ast.stmt) -> list[ast.stmt]:
        before: list[ast.stmt] = []
        match node:
            case ast.If(test=test, body=body, orelse=orelse):
                tested = self._tested(test, before)
                new: ast.stmt = ast.If(tested, self.statements(body), self.statements(orelse))
            case ast.For(target=target, iter=iterable, body=body, orelse=orelse):
                tested = self._listed(iterable, before)
                new = ast.For(target, tested, self.statements(body), self.statements(orelse))
            case ast.Assert(test=test, msg=message):
                return self._asserted(node, test, message)
            case ast.Expr() | ast.Assign() | ast.AnnAssign() | ast.AugAssign() | ast.Raise():
                new = self._simple(node, before)
            case _:
                return [node]
        return [*before, _like(new, node)]

    def _asserted(
        self, node: ast.Assert, test: ast.expr, message: ast.expr | None
    ) -> list[ast.stmt]:
        before: list[ast.stmt] = []
        if isinstance(test, ast.Constant):
            return [node]
        test = self._tested(test, before)
        inside: list[ast.stmt] = []
        text = self._plain(message, inside) if message else None
        failing = _like(ast.Assert(ast.Constant(False), text), node)
        return [*before, _like(ast.If(test, [_like(ast.Pass(), node)], [*inside, failing]), node)]

    def _simple(self, node: ast.stmt, before: list[ast.stmt]) -> ast.stmt:
        fields = dict(ast.iter_fields(node))
        for name, value in fields.items():
            if name in ("target", "targets", "annotation") or not isinstance(value, ast.expr):
                continue
            alone = isinstance(value, ast.Call) and added_to(node) is None
            fields[name] = (self._parts if alone else self._plain)(value, before)
        if isinstance(node, ast.Assign) and added_to(node) is not None:
            entry = node.targets[0]
            assert isinstance(entry, ast.Subscript)
            key = self._plain(entry.slice, before)
            fields["targets"] = [_like(ast.Subscript(entry.value, key, entry.ctx), entry)]
        return replaced(node, **fields)

    # --- expressions -----------------------------------------------------------------------------

    def _tested(self, node: ast.expr, before: list[ast.stmt]) -> ast.expr:
        """Return `node` without steps, and as a name where evaluating it may raise."""
        plain = self._plain(node, before)
        return plain if glue.never_raises(plain) else self._named(plain, before)

    def _listed(self, node: ast.expr, before: list[ast.stmt]) -> ast.expr:
        """Return what a loop runs over, `node`, without steps; as a list where that may raise."""
        plain = self._plain(node, before)
        if glue.never_raises(plain):
            return plain
        # What `items` or `zip` gives can be looped over once, and cannot travel.
        each, source = ast.Name("each", ast.Load()), ast.Name("each", ast.Store())
        generator = ast.comprehension(source, plain, [], 0)
        listed = ast.ListComp(ast.copy_location(each, node), [generator])
        return self._named(_like(listed, node), before)

    def _plain(self, node: ast.expr, before: list[ast.stmt]) -> ast.expr:
        """Return `node` without steps; what they are called for goes to `before`."""
        if not self._has_step(node):
            return node
        match node:
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._chosen(node, test, body, orelse, before)
            case ast.BoolOp(op=op, values=[first, *rest]):
                return self._lazy(node, op, first, rest, before)
            case ast.Compare(comparators=[_, *later]) if any(map(self._has_step, later)):
                return self._plain(self._chained(node, before), before)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                leading, *others = node.generators
                results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
                if any(map(self._has_step, [*others, *leading.ifs, *results])):
                    return self._looped(node, before)
                source = replaced(leading, iter=self._before(leading.iter, before))
                return replaced(node, generators=[source, *others])
        parts = self._parts(node, before)
        is_step = isinstance(node, ast.Call) and self._has_step(
            _like(ast.Call(node.func, [], []), node)
        )
        return self._named(parts, before) if is_step else parts

    def _parts(self, node: ast.expr, before: list[ast.stmt]) -> ast.expr:
        """Return `node` with its parts made plain, in their order."""
        if isinstance(node, (ast.IfExp, ast.BoolOp, *_LOOPS)):
            return self._plain(node, before)
        places = list(_operands(node))
        last = max((i for i, (_, _, p) in enumerate(places) if self._has_step(p)), default=-1)
        fields = {
            name: list(value) if isinstance(value, list) else value
            for name, value in ast.iter_fields(node)
        }
        for name, index, part in places[: last + 1]:
            new: ast.AST
            is_method = name == "func" and isinstance(part, ast.Attribute)
            if isinstance(part, ast.keyword) or (is_method and isinstance(part, ast.Attribute)):
                new = replaced(part, value=self._before(part.value, before))
            else:
                new = self._before(part, before)
            if index is None:
                fields[name] = new
            else:
                fields[name][index] = new
        return replaced(node, **fields)

    def _before(self, node: ast.expr, before: list[ast.stmt]) -> ast.expr:
        """Return what stands for `node`, which Python evaluates before a step that follows."""
        if isinstance(node, ast.Starred):
            return _like(ast.Starred(self._before(node.value, before), node.ctx), node)
        if self._has_step(node):
            return self._plain(node, before)
        return node if glue.never_raises(node) else self._named(node, before)

    def _chosen(
        self,
        node: ast.expr,
        test: ast.expr,
        body: ast.expr,
        orelse: ast.expr,
        before: list[ast.stmt],
    ) -> ast.expr:
        test = self._tested(test, before)
        name = self._fresh()
        arms = [self._bound(name, arm) for arm in (body, orelse)]
        before.append(_like(ast.If(test, *arms), node))
        return _like(ast.Name(name, ast.Load()), node)

    def _lazy(
        self,
        node: ast.expr,
        op: ast.boolop,
        first: ast.expr,
        rest: Sequence[ast.expr],
        before: list[ast.stmt],
    ) -> ast.expr:
        name = self._fresh()
        before += self._bound(name, first)
        last = rest[0] if len(rest) == 1 else _like(ast.BoolOp(op, list(rest)), node)
        going_on: ast.expr = _like(ast.Name(name, ast.Load()), node)
        if isinstance(op, ast.Or):
            going_on = _like(ast.UnaryOp(ast.Not(), going_on), node)
        before.append(_like(ast.If(going_on, self._bound(name, last), []), node))
        return _like(ast.Name(name, ast.Load()), node)

    def _chained(self, node: ast.Compare, before: list[ast.stmt]) -> ast.expr:
        left = self._before(node.left, before)
        middle = self._named(self._before(node.comparators[0], before), before)
        first = _like(ast.Compare(left, node.ops[:1], [middle]), node)
        rest = _like(ast.Compare(middle, node.ops[1:], node.comparators[1:]), node)
        return _like(ast.BoolOp(ast.And(), [first, rest]), node)

    def _looped(self, node: Comprehension, before: list[ast.stmt]) -> ast.expr:
        name = self._fresh()
        empty: ast.expr = (
            ast.Dict([], []) if isinstance(node, ast.DictComp) else ast.List([], ast.Load())
        )
        before.append(_assigned(name, _like(empty, node)))
        # The variables of a comprehension are its own.
        variables = names_bound([g.target for g in node.generators])
        own = _Renamed({variable: f"{variable} {next(self._numbers)}" for variable in variables})
        before += self._statement(loop_of(own.comprehension(node), name, self._has_step))
        made = _like(ast.Name(name, ast.Load()), node)
        return _like(as_set(made), node) if isinstance(node, ast.SetComp) else made

    def _bound(self, name: str, node: ast.expr) -> list[ast.stmt]:
        inside: list[ast.stmt] = []
        value = (
            self._parts(node, inside) if isinstance(node, ast.Call) else self._plain(node, inside)
        )
        return [*inside, _assigned(name, value)]

    def _named(self, node: ast.expr, before: list[ast.stmt]) -> ast.expr:
        name = self._fresh()
        before.append(_assigned(name, node))
        return _like(ast.Name(name, ast.Load()), node)

    def _fresh(self) -> str:
        return f"value {next(self._numbers)}"


class _Renamed(ast.NodeTransformer):
    """Gives variables other names, in copies of what is visited."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def comprehension(self, node: Comprehension) -> Comprehension:
        """Return `node` with its variables renamed; its first iterable is evaluated outside."""
        first = node.generators[0].iter
        copied: Comprehension = self.visit(copy.deepcopy(node))
        generator = replaced(copied.generators[0], iter=first)
        return replaced(copied, generators=[generator, *copied.generators[1:]])

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Rename `node` if it is one of the variables."""
        return replaced(node, id=self._names.get(node.id, node.id))


def _operands(node: ast.expr) -> Iterator[tuple[str, int | None, ast.expr | ast.keyword]]:
    """Yield the parts of `node` that are evaluated, with their place in it, in that order."""
    if isinstance(node, ast.Dict):
        for index, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
            if key is not None:
                yield "keys", index, key
            yield "values", index, value
        return
    for name, value in ast.iter_fields(node):
        if name == "func" and not isinstance(value, ast.Attribute):
            continue
        if isinstance(value, ast.expr):
            yield name, None, value
        elif isinstance(value, list):
            for index, part in enumerate(value):
                if isinstance(part, ast.expr | ast.keyword):
                    yield name, index, part


def _assigned(name: str, value: ast.expr) -> ast.stmt:
    return _like(ast.Assign([_like(ast.Name(name, ast.Store()), value)], value), value)


_Node = TypeVar("_Node", bound=ast.AST)


def _like(new: _Node, old: ast.AST) -> _Node:
    return ast.copy_location(new, old)
