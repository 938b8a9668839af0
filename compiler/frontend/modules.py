"""Modules of the user's own source: read, parsed and indexed, never imported."""

import ast
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

from headrace.compiler.diagnostics import Sink
from headrace.compiler.file_access import read_bytes
from headrace.compiler.frontend.trees import children, nodes
from headrace.compiler.source import SourceFile, Span, Undecodable, decoded

BoundKind: TypeAlias = Literal["function", "class", "constant", "import", "other"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*_FUNCTIONS, ast.ClassDef, ast.Lambda)
_PLACED = (ast.stmt, ast.expr, ast.arg, ast.keyword, ast.alias, ast.excepthandler, ast.pattern)
_CHANGING = (ast.Global, ast.Subscript, ast.Attribute, ast.Call)
_UNCERTAIN = (ast.If, ast.Try, ast.TryStar, ast.Match, ast.For, ast.AsyncFor, ast.While)
"""Statements whose body Python may skip, leave early or repeat."""
MUTATORS = frozenset(
    {"add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove"}
    | {"reverse", "setdefault", "sort", "update"}
)
"""The methods of Python's own containers that change them in place."""

_CONTAINERS = frozenset(
    {"list", "dict", "set", "bytearray", "defaultdict", "deque", "Counter", "OrderedDict"}
)


@dataclass(frozen=True)
class Imported:
    """One name that an import binds; `attribute` is absent when it is the module itself.

    `level` counts the dots of a relative import.
    """

    module: str
    attribute: str | None = None
    level: int = 0


@dataclass(frozen=True)
class Binding:
    """What a module-level name stands for, as far as the module itself tells."""

    kind: BoundKind
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr | None = None
    imported: Imported | None = None


@dataclass(eq=False)
class Module:
    """A parsed module; `name` is dotted, `source.shown_path` relative to the import root."""

    name: str
    source: SourceFile
    tree: ast.Module

    @property
    def package(self) -> str:
        """The package that relative imports start from; empty for a module outside packages."""
        if self.source.path.name == "__init__.py":
            return self.name
        return self.name.rpartition(".")[0]

    def span(self, node: ast.AST) -> Span:
        """Return the place of `node`; a decorated function's starts at its `def`."""
        candidates = (node,) if isinstance(node, _PLACED) else nodes(node)
        placed = next((n for n in candidates if isinstance(n, _PLACED)), None)
        if placed is None:
            return Span(path=self.source.shown_path, line=1)
        line, end_line = placed.lineno, placed.end_lineno or placed.lineno
        return Span(
            path=self.source.shown_path,
            line=line,
            column=self._column(line, placed.col_offset),
            end_line=end_line,
            end_column=self._column(end_line, placed.end_col_offset or 0),
        )

    def text(self, node: ast.expr) -> str:
        """Return the source of `node`, on one line."""
        segment = ast.get_source_segment(self.source.text, node) or ast.unparse(node)
        return " ".join(segment.split())

    def _column(self, line: int, offset: int) -> int:
        return offset + 1 if self._is_ascii else _column(self.source, line, offset)

    @cached_property
    def _is_ascii(self) -> bool:
        return self.source.text.isascii()

    def absolute(self, name: str, level: int) -> str | None:
        """Return the absolute name of what an import calls `name` with `level` dots before it.

        Nothing is returned when the dots lead out of the package.
        """
        if not level:
            return name
        parts = self.package.split(".") if self.package else []
        if level > len(parts):
            return None
        base = parts[: len(parts) - level + 1]
        return ".".join([*base, name] if name else base)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes of the tree but expression contexts."""
        return nodes(self.tree)

    @cached_property
    def bindings(self) -> dict[str, Binding]:
        """What each module-level name ends up as when the module is imported."""
        found: dict[str, list[Binding]] = {}
        for name, binding in _bound(self.tree):
            found.setdefault(name, []).append(binding)
        return {name: _last(all_, name in self.changed) for name, all_ in found.items()}

    @cached_property
    def changed(self) -> frozenset[str]:
        """The names, whatever their scope, that a function may rebind or change in place."""
        return frozenset(_changed(self.nodes))

    @cached_property
    def containers(self) -> frozenset[str]:
        """The module-level names that are bound to a new container of Python's own."""
        return frozenset(
            name
            for name, binding in _bound(self.tree)
            if isinstance(binding.node, ast.expr) and is_container(binding.node)
        )

    @cached_property
    def stars(self) -> tuple[ast.ImportFrom, ...]:
        """The `from ... import *` statements, in order."""
        return tuple(
            node
            for node, _ in _module_level(self.tree)
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
        )

    @cached_property
    def exported(self) -> frozenset[str] | None:
        """The names in `__all__`; nothing when there is none that can be read."""
        names: set[str] = set()
        seen = False
        for node, _ in _module_level(self.tree):
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id="__all__")], value=value)
                    | ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.expr() as value)
                    | ast.AugAssign(target=ast.Name(id="__all__"), value=value)
                ):
                    seen = True
                    listed = _strings(value)
                    if listed is None:
                        return None
                    names |= listed
        return frozenset(names) if seen else None

    @cached_property
    def acts(self) -> bool:
        """Whether importing the module may do something that another module can see."""
        return any(
            (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
            or (
                isinstance(node, ast.Attribute | ast.Subscript)
                and isinstance(node.ctx, ast.Store | ast.Del)
            )
            for node, _ in _module_level(self.tree)
        )

    def exports(self, name: str) -> bool:
        """Whether `from this import *` binds `name`, if the module has it."""
        return not name.startswith("_") if self.exported is None else name in self.exported


def _column(source: SourceFile, line: int, offset: int) -> int:
    return len(source.line(line).encode()[:offset].decode(errors="ignore")) + 1


def _strings(value: ast.expr) -> set[str] | None:
    try:
        return {str(name) for name in ast.literal_eval(value)}
    except (ValueError, TypeError):
        return None


def is_container(value: ast.expr) -> bool:
    """Whether `value` is surely a new list, dict, set or other container of Python's own."""
    match value:
        case ast.List() | ast.Dict() | ast.Set() | ast.ListComp() | ast.DictComp() | ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in _CONTAINERS
    return False


# --- what a module binds -------------------------------------------------------------------------


def _is_main_guard(node: ast.AST) -> bool:
    match node:
        case ast.If(
            test=ast.Compare(
                left=ast.Name(id="__name__"),
                ops=[ast.Eq()],
                comparators=[ast.Constant(value="__main__")],
            )
        ):
            return True
    return False


def _module_level(tree: ast.Module) -> Iterator[tuple[ast.AST, bool]]:
    """Yield what importing runs, in order, and whether Python may skip or repeat it."""
    stack: list[tuple[ast.AST, bool]] = [(node, False) for node in reversed(tree.body)]
    while stack:
        node, uncertain = stack.pop()
        yield node, uncertain
        if isinstance(node, _SCOPES):
            continue
        below = children(node)
        match node:
            case ast.If() if _is_main_guard(node):
                below = list(node.orelse)
            case ast.Assign(targets=[ast.Name()], value=value):
                below = [value]
            case ast.AnnAssign(target=ast.Name(), value=value):
                below = [value] if value else []
            case ast.comprehension():
                below = [node.iter, *node.ifs]
        uncertain = uncertain or isinstance(node, _UNCERTAIN)
        stack.extend((child, uncertain) for child in reversed(below))


def _bound(tree: ast.Module) -> Iterator[tuple[str, Binding]]:
    for node, uncertain in _module_level(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name, Binding("other") if uncertain else Binding("function", node)
            case ast.ClassDef():
                yield node.name, Binding("other") if uncertain else Binding("class", node)
            case ast.Import() | ast.ImportFrom():
                for name, binding in imported_names(node):
                    yield name, Binding("other") if uncertain else binding
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                yield name, Binding("other") if uncertain else Binding("constant", value)
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name, Binding("other")
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.MatchMapping(rest=str(name))
            ):
                yield name, Binding("other")


def imported_names(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Binding]]:
    """Yield each name that `node` binds, with what it stands for."""
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            imported = Imported(node.module or "", alias.name, node.level)
            if alias.name != "*":
                yield alias.asname or alias.name, Binding("import", imported=imported)
        elif alias.asname:
            yield alias.asname, Binding("import", imported=Imported(alias.name))
        else:
            top = alias.name.partition(".")[0]
            yield top, Binding("import", imported=Imported(top))


def _last(bindings: list[Binding], changed: bool) -> Binding:
    last = bindings[-1]
    if last.kind == "constant" and (changed or len(bindings) > 1):
        return Binding("other")
    return last


def _changed(all_nodes: Iterable[ast.AST]) -> set[str]:
    """Return the names that a function may rebind, or whose value is changed in place."""
    names: set[str] = set()
    for node in all_nodes:
        if not isinstance(node, _CHANGING):
            continue
        match node:
            case ast.Global():
                names.update(node.names)
            case ast.Subscript(value=value, ctx=ast.Store() | ast.Del()):
                names.update(_root(value))
            case ast.Attribute(value=value, attr=name, ctx=ast.Store() | ast.Del()):
                names.update(_root(value) if isinstance(value, ast.Name) else [name, *_root(value)])
            case ast.Call(func=ast.Attribute(value=value, attr=attr)) if attr in MUTATORS:
                names.update(_root(value))
    return names


def _root(node: ast.expr) -> Iterator[str]:
    """Yield the name in which `node` finds its object, as `a` in `a.b[0].c`."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id


# --- reading -------------------------------------------------------------------------------------


_ENCODING_HINT = "save it as UTF-8, or name its encoding: `# coding: latin-1`; is it Python at all?"
_SYNTAX_HINT = "correct it here or just before; Python itself cannot read the file as it is"


def read_source(path: Path, shown_path: str, sink: Sink) -> SourceFile | None:
    """Return the text of `path`, decoded as Python would; nothing, and HR101, if it is not there.

    What cannot be decoded is reported too; then the source is there for messages only.
    """
    try:
        data = read_bytes(path)
    except OSError as error:
        hint = "see to it that the file is there and can be read"
        sink.report("HR101", f"cannot read {shown_path}: {error.strerror}", None, hint=hint)
        return None
    try:
        return SourceFile(path, shown_path, decoded(data))
    except Undecodable as error:
        lines = error.before.split("\n")
        place = Span(path=shown_path, line=len(lines), column=len(lines[-1]) + 1)
        sink.report("HR101", str(error), place, hint=_ENCODING_HINT)
        return SourceFile(path, shown_path, error.shown, is_decoded=False)


def parse(source: SourceFile, sink: Sink) -> ast.Module | None:
    """Return the tree of `source`; nothing, and HR101 with CPython's own message, if it has none.

    Also what only CPython's compiler finds is reported, such as `return` outside a function.
    """
    before, null, _ = source.text.partition("\0")
    if null:
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        place = Span(path=source.shown_path, line=line, column=column)
        message = "source code string cannot contain null bytes"
        sink.report("HR101", message, place, hint=_ENCODING_HINT)
        return None
    in_bytes = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source.text, source.shown_path)
            # The parser counts columns in characters, the compiler in bytes of UTF-8.
            in_bytes = True
            compile(tree, source.shown_path, "exec", dont_inherit=True)
            return tree
    except SyntaxError as error:
        sink.report("HR101", error.msg, _error_span(source, error, in_bytes), hint=_SYNTAX_HINT)
    except (RecursionError, MemoryError):
        place = Span(path=source.shown_path, line=1)
        hint = "divide the expression that is nested so deeply"
        sink.report("HR101", "too deeply nested for Python's own parser", place, hint=hint)
    except ValueError as error:
        place = Span(path=source.shown_path, line=1)
        sink.report("HR101", str(error), place, hint=_SYNTAX_HINT)
    return None


def _error_span(source: SourceFile, error: SyntaxError, in_bytes: bool) -> Span:
    line = min(max(error.lineno or 1, 1), len(source.lines))
    end_line = max(error.end_lineno or line, line)

    def column(of_line: int, offset: int | None) -> int:
        if not offset or offset < 1:
            return 1
        return _column(source, of_line, offset - 1) if in_bytes else offset

    start = min(column(line, error.offset), len(source.line(line)) + 1)
    end = column(end_line, error.end_offset)
    if end_line == line and end <= start:
        end = start + 1
    return Span(path=source.shown_path, line=line, column=start, end_line=end_line, end_column=end)
