"""Modules of the user's own source: read, parsed and indexed, never imported."""

import ast
import io
import tokenize
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

from headrace.compiler.diagnostics import Sink
from headrace.compiler.file_access import read_bytes
from headrace.compiler.frontend.trees import children, nodes
from headrace.compiler.source import SourceFile, Span

BoundKind: TypeAlias = Literal["function", "class", "constant", "import", "other"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*_FUNCTIONS, ast.ClassDef, ast.Lambda)
_PLACED = (ast.stmt, ast.expr, ast.arg, ast.keyword, ast.alias, ast.excepthandler, ast.pattern)
_CHANGING = (ast.Global, ast.Subscript, ast.Attribute, ast.Call)
_UNCERTAIN = (ast.If, ast.Try, ast.TryStar, ast.Match, ast.For, ast.AsyncFor, ast.While)
"""Statements whose body Python may skip, leave early or repeat."""
_MUTATORS = frozenset(
    {"add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove"}
    | {"reverse", "setdefault", "sort", "update"}
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
        changed = _changed(self.nodes)
        return {name: _last(all_, name in changed) for name, all_ in found.items()}

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
                for name, binding in _imported(node):
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


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Binding]]:
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
            case (
                ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del())
                | ast.Attribute(value=ast.Name(id=name), ctx=ast.Store() | ast.Del())
            ):
                names.add(name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)):
                if attr in _MUTATORS:
                    names.add(name)
            case ast.Attribute(attr=name, ctx=ast.Store() | ast.Del()):
                names.add(name)
    return names


# --- reading -------------------------------------------------------------------------------------


def read_source(path: Path, shown_path: str, sink: Sink) -> SourceFile | None:
    """Return the text of `path`, decoded as Python would; nothing, and HR101, if it cannot be."""
    data = b""
    try:
        data = read_bytes(path)
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except OSError as error:
        sink.report("HR101", f"cannot read {shown_path}: {error.strerror}", None)
        return None
    except UnicodeDecodeError as error:
        place = Span(path=shown_path, line=data.count(b"\n", 0, error.start) + 1)
        sink.report("HR101", f"(unicode error) {error}", place)
        return None
    except (SyntaxError, LookupError, ValueError) as error:
        message = error.msg if isinstance(error, SyntaxError) else str(error)
        sink.report("HR101", message, Span(path=shown_path, line=1))
        return None
    return SourceFile(path, shown_path, text.replace("\r\n", "\n").replace("\r", "\n"))


def parse(source: SourceFile, sink: Sink) -> ast.Module | None:
    """Return the tree of `source`; nothing, and HR101 with CPython's own message, if it has none.

    Also what only CPython's compiler finds is reported, such as `return` outside a function.
    """
    before, null, _ = source.text.partition("\0")
    if null:
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        place = Span(path=source.shown_path, line=line, column=column)
        sink.report("HR101", "source code string cannot contain null bytes", place)
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
        sink.report("HR101", error.msg, _error_span(source, error, in_bytes))
    except (RecursionError, MemoryError):
        place = Span(path=source.shown_path, line=1)
        sink.report("HR101", "too deeply nested for Python's own parser", place)
    except ValueError as error:
        sink.report("HR101", str(error), Span(path=source.shown_path, line=1))
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
