"""The user's project, seen from one file: its modules and what the names in them stand for."""

import ast
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from headrace.compiler import ir
from headrace.compiler.diagnostics import Sink
from headrace.compiler.file_access import is_file, is_folder, modules_in
from headrace.compiler.frontend.modules import Imported, Module, parse, read_source
from headrace.compiler.source import SourceFile

__all__ = ["Definition", "Kind", "Module", "Project", "function_signature"]

Kind: TypeAlias = Literal["function", "class", "constant", "module", "foreign", "other"]

# CPython finds these before it looks at sys.path: built in, frozen, or loaded before the user's
# code (Modules/config.c.in and Python/frozen.c of 3.11 to 3.14). A fixed list, because what else is
# built in differs from one build to the next.
_BEFORE_PATH = frozenset(
    {"__main__", "abc", "atexit", "builtins", "codecs", "encodings", "errno", "faulthandler", "gc"}
    | {"genericpath", "importlib", "io", "itertools", "marshal", "ntpath", "os", "posix"}
    | {"posixpath", "pwd", "runpy", "site", "stat", "sys", "time", "zipimport"}
)


@dataclass(frozen=True)
class Definition:
    """What a name stands for.

    `module` is the first-party module that defines it (for a module: itself, absent for a folder
    without `__init__.py`), `name` its name there. For `module` and `foreign`, `name` is the dotted
    origin. `node` is the definition, or the expression of a constant. `other` is a name that exists
    but stands for no single thing that the source tells.
    """

    kind: Kind
    module: Module | None
    name: str
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr | None = None


@dataclass(frozen=True)
class _Found:
    """Where a first-party name is: its file, or nothing for a folder without `__init__.py`."""

    file: Path | None


class Project:
    """The file to compile with all that it imports of the project's own; nothing is executed."""

    def __init__(self, path: Path, sink: Sink) -> None:
        """Read the file at `path`; what is wrong with it or its imports goes to `sink`."""
        file = self.file = Path(os.path.abspath(path))
        self._sink = sink
        self._loaded: dict[str, Module | None] = {}
        self._found: dict[str, _Found | None] = {}
        self._resolved: dict[tuple[str, str], Definition | None] = {}
        self._closure: dict[str, Path] | None = None
        self.sources: dict[str, SourceFile] = {}
        """Every file that could be read, also without a tree, by its `shown_path`."""
        self.import_root = _import_root(file)
        below = file.relative_to(self.import_root).with_suffix("")
        parts = below.parts[:-1] if below.name == "__init__" else below.parts
        self._main_name = ".".join(parts)
        self.main = self._load(self._main_name, file)

    @property
    def modules(self) -> dict[str, Module]:
        """The modules loaded so far, by name."""
        return {name: module for name, module in self._loaded.items() if module}

    def closure(self) -> dict[str, Path]:
        """Return name and file of main and of each first-party module that it imports, sorted.

        An import counts wherever it stands, and brings the `__init__.py` of the packages above.
        """
        if self._closure is None:
            files: dict[str, Path] = {}
            waiting = [*_with_parents(self._main_name)]
            seen: set[str] = set()
            while waiting:
                name = waiting.pop()
                found = self._find(name)
                if name in seen or found is None:
                    continue
                seen.add(name)
                if found.file is None:
                    continue
                files[name] = found.file
                module = self._load(name, found.file)
                if module:
                    waiting.extend(self._imports(module))
            self._closure = dict(sorted(files.items()))
        return dict(self._closure)

    def imported_first(self) -> str | None:
        """Return main, if a module that it imports may see that Python has imported main before.

        Some module does more when it is imported than to bind its own names, or imports main.
        """
        loaded = [self._loaded.get(name) for name in self.closure()]
        modules = [module for module in loaded if module is not None]
        others = [module for module in modules if module is not self.main]
        imports_main = any(self._main_name in self._imports(module) for module in others)
        seen = imports_main or any(module.acts for module in modules)
        return self._main_name if others and seen else None

    def resolve(
        self, module: Module, dotted: str, imports: Mapping[str, Imported] | None = None
    ) -> Definition | None:
        """Return what `dotted` stands for at the level of `module`; nothing when it is unbound.

        Imports are followed through first-party modules to where the thing is defined. Builtins are
        not bound by a module, so nothing is returned for them. `imports` are names that a function
        of the module imports for itself.
        """
        key = module.name, dotted
        if imports and dotted.split(".")[0] in imports:
            return self._resolve(module, dotted, imports)
        if key not in self._resolved:
            self._resolved[key] = self._resolve(module, dotted, {})
        return self._resolved[key]

    def _resolve(
        self, module: Module, dotted: str, imports: Mapping[str, Imported]
    ) -> Definition | None:
        first, *rest = dotted.split(".")
        if first in imports:
            found = self._follow(module, imports[first], frozenset())
        else:
            found = self._lookup(module, first, frozenset())
        for part in rest:
            found = self._attribute(found, part) if found else None
        return found

    def has(self, name: str) -> bool:
        """Whether `name` is a module or a package of the project."""
        return self._find(name) is not None

    def has_file(self, name: str) -> bool:
        """Whether `name` is a module with a file, so no folder without `__init__.py`."""
        found = self._find(name)
        return found is not None and found.file is not None

    def module(self, name: str) -> Module | None:
        """Return the module `name`; nothing when there is no file of it, or none that is Python."""
        found = self._find(name)
        return self._load(name, found.file) if found and found.file else None

    def submodules(self, package: str) -> list[str]:
        """Return the names of the modules in `package`, or of those at the import root."""
        folder = self.import_root.joinpath(*package.split(".")) if package else self.import_root
        return modules_in(folder)

    # --- files ---

    def _find(self, name: str) -> _Found | None:
        """Find `name` below the import root as CPython's path finder would."""
        if name not in self._found:
            self._found[name] = self._look_for(name)
        return self._found[name]

    def _look_for(self, name: str) -> _Found | None:
        if name == self._main_name:
            return _Found(self.file)
        parts = name.split(".")
        if parts[0] in _BEFORE_PATH:
            return None
        folder = self.import_root
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            inside = folder / part
            if is_file(inside / "__init__.py"):
                file: Path | None = inside / "__init__.py"
            elif is_file(folder / f"{part}.py"):
                return _Found(folder / f"{part}.py") if last else None
            elif is_folder(inside) and not (number == 0 and part in sys.stdlib_module_names):
                file = None
            else:
                return None
            if last:
                return _Found(file)
            folder = inside
        return None

    def _load(self, name: str, file: Path) -> Module | None:
        if name not in self._loaded:
            self._loaded[name] = None
            shown = file.relative_to(self.import_root).as_posix()
            source = read_source(file, shown, self._sink)
            if source:
                self.sources[shown] = source
                tree = parse(source, self._sink) if source.is_decoded else None
                self._loaded[name] = Module(name, source, tree) if tree else None
        return self._loaded[name]

    def _imports(self, module: Module) -> Iterator[str]:
        """Yield the names that may be modules which `module` imports, with their packages."""
        for node in module.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield from _with_parents(alias.name)
            elif isinstance(node, ast.ImportFrom):
                base = module.absolute(node.module or "", node.level)
                if base is None:
                    continue
                yield from _with_parents(base)
                names = [alias.name for alias in node.names]
                if names == ["*"]:
                    names = self._star_names(base)
                yield from (f"{base}.{name}" for name in names)

    def _star_names(self, base: str) -> list[str]:
        found = self._find(base)
        loaded = self._load(base, found.file) if found and found.file else None
        return sorted(loaded.exported or ()) if loaded else []

    # --- names ---

    def _lookup(
        self, module: Module, name: str, seen: frozenset[tuple[str, str]], imports: bool = False
    ) -> Definition | None:
        """Return what `name` is in `module`; `imports`: an import asks, which loads submodules."""
        if (module.name, name) in seen:
            return None
        seen |= {(module.name, name)}
        binding = module.bindings.get(name)
        if binding is None:
            return self._through_star(module, name, seen) or self._submodule(
                module.name, name, imports
            )
        if binding.kind == "import":
            assert binding.imported is not None
            return self._follow(module, binding.imported, seen)
        return Definition(binding.kind, module, name, binding.node)

    def _follow(
        self, module: Module, imported: Imported, seen: frozenset[tuple[str, str]]
    ) -> Definition | None:
        base = module.absolute(imported.module, imported.level)
        if base is None:
            return None
        origin = self._module(base)
        if imported.attribute is None:
            return origin
        if origin.kind == "module" and origin.module:
            # A package that imports its own submodule under the submodule's name means that one.
            found = self._lookup(origin.module, imported.attribute, seen, imports=True)
            return found or self._submodule(base, imported.attribute, imports=True)
        return self._attribute(origin, imported.attribute, imports=True)

    def _through_star(
        self, module: Module, name: str, seen: frozenset[tuple[str, str]]
    ) -> Definition | None:
        for star in reversed(module.stars):
            base = module.absolute(star.module or "", star.level)
            origin = self._module(base) if base else None
            if origin and origin.kind == "module" and origin.module and origin.module.exports(name):
                listed = origin.module.exported is not None
                found = self._lookup(origin.module, name, seen, imports=listed)
                if found:
                    return found
        return None

    def _module(self, name: str) -> Definition:
        found = self._find(name)
        if found is None:
            return Definition("foreign", None, name)
        if found.file is None:
            return Definition("module", None, name)
        module = self._load(name, found.file)
        return Definition("module" if module else "other", module, name)

    def _submodule(self, package: str, name: str, imports: bool) -> Definition | None:
        full = f"{package}.{name}"
        found = self._find(full)
        if found is None:
            return None
        # Python binds a submodule in its package only once something has imported it.
        if not imports and found.file and full not in self.closure():
            return None
        return self._module(full)

    def _attribute(self, of: Definition, name: str, imports: bool = False) -> Definition | None:
        match of.kind:
            case "module" if of.module:
                return self._lookup(of.module, name, frozenset(), imports)
            case "module":
                return self._submodule(of.name, name, imports)
            case "foreign":
                return Definition("foreign", None, f"{of.name}.{name}")
            case _:
                return Definition("other", of.module, f"{of.name}.{name}")


def _import_root(file: Path) -> Path:
    folder = file.parent
    while is_file(folder / "__init__.py") and folder.parent != folder:
        folder = folder.parent
    return folder


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        yield ".".join(parts[:end])


def function_signature(definition: Definition) -> ir.Function:
    """Return the signature of a function of the project.

    The names of `*rest` and `**rest` parameters keep their stars. `doc` is the first paragraph of
    the docstring.

    Raises:
        ValueError: `definition` is not a function.
    """
    node, module = definition.node, definition.module
    if module is None or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        raise ValueError(f"{definition.name} is not a function")
    doc = (ast.get_docstring(node) or "").strip()
    return ir.Function(
        key=f"{module.name}:{node.name}",
        parameters=tuple(_parameters(node.args)),
        returns=ast.unparse(node.returns) if node.returns else None,
        doc=doc.partition("\n\n")[0],
        span=module.span(node),
    )


def _parameters(arguments: ast.arguments) -> Iterator[ir.FunctionParameter]:
    positional = [*arguments.posonlyargs, *arguments.args]
    required = len(positional) - len(arguments.defaults)
    for number, argument in enumerate(positional):
        yield _parameter(argument, number >= required)
    if arguments.vararg:
        yield _parameter(arguments.vararg, False, "*")
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield _parameter(argument, default is not None)
    if arguments.kwarg:
        yield _parameter(arguments.kwarg, False, "**")


def _parameter(argument: ast.arg, has_default: bool, stars: str = "") -> ir.FunctionParameter:
    annotation = ast.unparse(argument.annotation) if argument.annotation else None
    return ir.FunctionParameter(
        name=stars + argument.arg, annotation=annotation, has_default=has_default
    )
