"""Warnings of results that depend on the order in which a set happens to be."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from headrace.compiler.diagnostics import Related, Severity
from headrace.compiler.frontend.inlining import local_names
from headrace.compiler.frontend.lowering import Lowering
from headrace.compiler.frontend.modules import Module
from headrace.compiler.frontend.names_of_state import chain
from headrace.compiler.frontend.project import Definition
from headrace.compiler.frontend.scopes import added_to
from headrace.compiler.frontend.trees import nodes
from headrace.compiler.source import Span

_SETS = frozenset({"set", "frozenset", "Set", "FrozenSet", "AbstractSet", "MutableSet"})
_ORDERED = frozenset({"list", "tuple", "enumerate", "zip"})
_UNORDERED = frozenset({"sorted", "set", "frozenset", "sum", "max", "min", "len", "any", "all"})


def warn_of_unordered(shared: Lowering, node: ast.FunctionDef) -> None:
    """Report where the pipeline `node`, or one that it calls, orders what a step gave as a set."""
    functions = shared.functions.values()
    from_steps = any(_may_be_set(function.returns) for function in functions)
    for module, pipeline, inside in _pipelines(shared, shared.module, node):
        if from_steps or any(map(_makes_set, inside)):
            _Order(shared, module, pipeline).visit(pipeline)


def _pipelines(
    shared: Lowering, module: Module, node: ast.FunctionDef
) -> Iterator[tuple[Module, ast.FunctionDef, list[ast.AST]]]:
    """Yield the pipeline `node` and those that it calls, each with all that is in it."""
    seen = {node}
    waiting = [(module, node)]
    while waiting:
        module, node = waiting.pop()
        inside = nodes(node)
        yield module, node, inside
        for call in inside:
            found = _called(shared, module, call) if isinstance(call, ast.Call) else None
            if found is None or found.module is None or not shared.is_pipeline(found):
                continue
            if isinstance(found.node, ast.FunctionDef) and found.node not in seen:
                seen.add(found.node)
                waiting.append((found.module, found.node))


def _called(shared: Lowering, module: Module, node: ast.Call) -> Definition | None:
    names = chain(node.func)
    return shared.project.resolve(module, ".".join(names)) if names else None


def _may_be_set(annotation: str | None) -> bool:
    return annotation is not None and any(name in annotation for name in _SETS)


def _is_unordered_set(annotation: ast.expr | None) -> bool:
    """Whether `annotation` is of a set whose order differs from one process to the next."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except SyntaxError:
            return False
    match annotation:
        case ast.Subscript(value=value):
            return _is_unordered_set(value)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in _SETS
    return False


def _makes_set(node: ast.AST) -> bool:
    """Whether `node` may make a set here."""
    match node:
        case ast.Call(func=ast.Name(id="set" | "frozenset")):
            return True
    return isinstance(node, ast.Set | ast.SetComp)


@dataclass(frozen=True)
class _Made:
    """Where a set comes from: in words, and its place."""

    by: str
    place: Span


class _Order(ast.NodeVisitor):
    def __init__(self, shared: Lowering, module: Module, node: ast.FunctionDef) -> None:
        self._shared = shared
        self._module = module
        self._local = local_names(node)
        self._steady: set[ast.AST] = set()
        """The expressions of which only the elements matter."""
        self._named: dict[str, _Made] = {}
        self._named.update(self._names(node))

    def _names(self, node: ast.FunctionDef) -> Iterator[tuple[str, _Made]]:
        """Yield the names that only ever stand for one set."""
        stores = [n for n in ast.walk(node) if isinstance(n, ast.Name) and type(n.ctx) is ast.Store]
        counts = Counter(name.id for name in stores)
        for statement in ast.walk(node):
            match statement:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                ) if counts[name] == 1:
                    made = self._made(value)
                    if made:
                        yield name, made

    def _made(self, node: ast.expr) -> _Made | None:
        """Return where `node` comes from, if it is a set without an order."""
        if isinstance(node, ast.Name):
            return self._named.get(node.id)
        is_call = isinstance(node, ast.Call)
        if _makes_set(node) and not (is_call and not self._builtin(node.func)):  # type: ignore[attr-defined]
            text = "`{...}` is" if not is_call else f"`{ast.unparse(node)}` is"
            return _Made(text, self._module.span(node))
        if not isinstance(node, ast.Call) or (chain(node.func) or [""])[0] in self._local:
            return None
        found = _called(self._shared, self._module, node)
        function = found.node if found else None
        if not found or not found.module or not isinstance(function, ast.FunctionDef):
            return None
        if self._shared.is_pipeline(found) or not _is_unordered_set(function.returns):
            return None
        assert function.returns is not None
        return _Made(f"`{found.name}` returns", found.module.span(function.returns))

    # --- where the order shows ---

    def visit_Call(self, node: ast.Call) -> None:
        name = self._builtin(node.func)
        is_join = isinstance(node.func, ast.Attribute) and node.func.attr == "join"
        if name in _UNORDERED or (name in _ORDERED and node in self._steady):
            self._steady.update(node.args)
        elif name in _ORDERED or is_join:
            self._order(node.args)
        self.generic_visit(node)

    def _builtin(self, node: ast.expr) -> str | None:
        if not isinstance(node, ast.Name) or node.id in self._local:
            return None
        return None if self._shared.project.resolve(self._module, node.id) else node.id

    def visit_ListComp(self, node: ast.ListComp | ast.GeneratorExp) -> None:
        if node not in self._steady:
            self._order(generator.iter for generator in node.generators)
        self.generic_visit(node)

    visit_GeneratorExp = visit_ListComp

    def visit_For(self, node: ast.For) -> None:
        if any(isinstance(n, ast.stmt) and _adds_to_list(n) for n in ast.walk(node)):
            self._order([node.iter])
        self.generic_visit(node)

    def visit_Starred(self, node: ast.Starred) -> None:
        if isinstance(node.ctx, ast.Load):
            self._order([node.value])
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if any(isinstance(target, ast.Tuple | ast.List) for target in node.targets):
            self._order([node.value])
        self.generic_visit(node)

    def _order(self, nodes: Iterable[ast.expr]) -> None:
        for node in nodes:
            made = self._made(node)
            if made is None:
                continue
            place = self._module.span(node)
            related = (Related(span=made.place, message="a set has no order"),)
            self._shared.sink.report(
                "HR307",
                f"{made.by} a set, whose order is another in each process",
                place,
                label="put into an order here",
                hint=f"give it an order: `sorted({ast.unparse(node)})`",
                severity=Severity.WARNING,
                related=related if made.place != place else (),
            )


def _adds_to_list(statement: ast.stmt) -> bool:
    return not isinstance(statement, ast.Assign) and added_to(statement) is not None
