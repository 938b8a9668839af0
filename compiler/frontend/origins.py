"""What the names in annotations stand for: a definition of the project, or a thing of a library."""

import ast
import builtins
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from headrace.compiler.frontend.kinds import Type
from headrace.compiler.frontend.project import Module, Project


@dataclass(frozen=True)
class Named:
    """What a name stands for.

    Of the project: `module` defines it as `name`, by `node`: a class, an expression, a `type`
    statement or a type parameter. Of a library: `origin` is its dotted name, the same for all
    spellings that mean the same.
    """

    origin: str = ""
    module: Module | None = None
    name: str = ""
    node: ast.AST | None = None


_ABSTRACT = """
    Iterable Iterator Generator Collection Container Sized Reversible Sequence MutableSequence
    Mapping MutableMapping Set MutableSet KeysView ItemsView ValuesView
"""
ABSTRACT = {f"collections.abc.{name}": name for name in _ABSTRACT.split()}
"""Origins of the abstract collections, and their bare names."""

_SAME = {f"typing.{bare}": origin for origin, bare in ABSTRACT.items()} | {
    "typing.AbstractSet": "collections.abc.Set",
    "typing.Set": "set",
    "typing.List": "list",
    "typing.Dict": "dict",
    "typing.FrozenSet": "frozenset",
    "typing.Tuple": "tuple",
    "typing.Type": "type",
    "typing.Text": "str",
    "typing.Deque": "collections.deque",
    "typing.DefaultDict": "collections.defaultdict",
    "typing.OrderedDict": "collections.OrderedDict",
    "typing.Counter": "collections.Counter",
    "numpy.typing.NDArray": "numpy.ndarray",
    "pandas.core.frame.DataFrame": "pandas.DataFrame",
    "pandas.core.series.Series": "pandas.Series",
    "torch.nn.modules.module.Module": "torch.nn.Module",
}
_AS_TYPING = ("typing_extensions.", "mypy_extensions.")
_BRANCHING = (
    *(ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While, ast.Match),
    *(ast.excepthandler, ast.match_case),
)

_Binding = tuple[ast.AST | None, ast.alias | None]


@dataclass
class Memory:
    """What has been found out about the names and classes of one project."""

    names: dict[tuple[str, str], Named | None] = field(default_factory=dict)
    bindings: dict[str, dict[str, list[_Binding]]] = field(default_factory=dict)
    types: dict[tuple[str, str, bool], Type] = field(default_factory=dict)
    names_in_class: dict[ast.ClassDef, frozenset[str]] = field(default_factory=dict)


_memories: "WeakKeyDictionary[Project, Memory]" = WeakKeyDictionary()


def memory(project: Project) -> Memory:
    """Return what is remembered of `project`, whose sources do not change once they are read."""
    found = _memories.get(project)
    if found is None:
        found = _memories[project] = Memory()
    return found


def dotted_name(node: ast.expr) -> str | None:
    """Return `a.b.c` for the expression that says so, and nothing for any other."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        head = dotted_name(node.value)
        return f"{head}.{node.attr}" if head else None
    return None


def type_parameters(module: Module, node: ast.AST | None) -> dict[str, Named]:
    """Return the type parameters of `def f[T]`, `class C[T]` or `type X[T]` (PEP 695) by name."""
    parameters: Sequence[ast.AST] = getattr(node, "type_params", ())
    named = ((getattr(parameter, "name", ""), parameter) for parameter in parameters)
    return {name: Named(module=module, name=name, node=parameter) for name, parameter in named}


def parsed(text: str) -> ast.expr | None:
    """Return the expression in an annotation that is written as a string; nothing if it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def find(project: Project, module: Module, dotted: str) -> Named | None:
    """Return what `dotted` stands for in an annotation at the level of `module`, if it is known.

    Unlike `Project.resolve`, it reads names that only a type checker binds, or that each arm of an
    `if` or `try` binds to the same thing: there the value does not matter, and the type does.
    """
    known = memory(project).names
    key = (module.name, dotted)
    if key not in known:
        known[key] = None  # what a circular import comes back to
        try:
            known[key] = _find(project, module, dotted)
        except RecursionError:
            del known[key]
            raise
    return known[key]


def _find(project: Project, module: Module, dotted: str) -> Named | None:
    found = project.resolve(module, dotted)
    if found is None:
        return _unbound(module, dotted)
    if found.kind == "foreign":
        return _library(found.name)
    if found.kind in ("class", "constant"):
        assert found.module is not None
        return _defined(project, found.module, found.name, found.node)
    if found.kind != "other" or found.module is None:
        return None
    head, _, rest = found.name.partition(".")
    return _attribute(project, _uncertain(project, found.module, head), rest)


def _defined(project: Project, module: Module, name: str, node: ast.AST | None) -> Named | None:
    """Return the definition of `name` by `node`; of another name for something, that thing."""
    dotted = dotted_name(node) if isinstance(node, ast.expr) else None
    return find(project, module, dotted) if dotted else Named(module=module, name=name, node=node)


def _library(dotted: str) -> Named:
    for prefix in _AS_TYPING:
        if dotted.startswith(prefix):
            dotted = f"typing.{dotted.removeprefix(prefix)}"
    dotted = dotted.removeprefix("builtins.")
    return Named(origin=_SAME.get(dotted, dotted))


def _unbound(module: Module, name: str) -> Named | None:
    """Return the builtin `name`, or what `from typing import *` binds."""
    if hasattr(builtins, name):
        return Named(origin=name)
    for star in module.stars:
        if star.module in ("typing", "typing_extensions", "collections.abc") and not star.level:
            return _library(f"{star.module}.{name}")
    return None


def _absolute(project: Project, dotted: str) -> Named | None:
    """Return what `dotted` stands for, when its first part is a module's absolute name."""
    names = dotted.split(".")
    for end in range(len(names), 0, -1):
        base = ".".join(names[:end])
        if base in project.closure():
            module = project.modules.get(base)
            found = Named(module=module, name=base) if module else None
            return _attribute(project, found, ".".join(names[end:]))
    return _library(dotted)


def _attribute(project: Project, of: Named | None, rest: str) -> Named | None:
    """Return what `of`, or the attributes `rest` of it, stands for."""
    if of is None or not rest:
        return of
    if of.module is None:
        return _absolute(project, f"{of.origin}.{rest}")
    if of.node is None:
        return find(project, of.module, rest)
    node: ast.AST | None = of.node
    for name in rest.split("."):
        inner = node.body if isinstance(node, ast.ClassDef) else []
        node = next((n for n in inner if isinstance(n, ast.ClassDef) and n.name == name), None)
    return Named(module=of.module, name=f"{of.name}.{rest}", node=node) if node else None


# --- names that Python may bind in more than one way ---------------------------------------------


def _uncertain(project: Project, module: Module, name: str) -> Named | None:
    """Return what all statements that bind `name` in `module` agree on."""
    known = memory(project).bindings
    if module.name not in known:
        known[module.name] = _bindings(module.tree)
    candidates = []
    for statement, alias in known[module.name].get(name, ()):
        if alias is not None:
            candidates.append(_imported(project, module, statement, alias))
        elif isinstance(statement, ast.AST):
            candidates.append(_defined(project, module, name, statement))
        else:
            candidates.append(None)
    first = candidates[0] if candidates else None
    return first if all(candidate == first for candidate in candidates) else None


def _bindings(tree: ast.Module) -> dict[str, list[_Binding]]:
    """Return by what each name is bound at the level of the module, once for each time."""
    found: dict[str, list[_Binding]] = {}
    for statement in _module_level(tree.body):
        for name, binding in _bound(statement):
            found.setdefault(name, []).append(binding)
    for node in ast.walk(tree):
        for name in node.names if isinstance(node, ast.Global) else ():
            found.setdefault(name, []).append((None, None))
    return found


def _module_level(statements: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Yield what importing runs; of a statement with a body its head, then the body."""
    for statement in statements:
        if isinstance(statement, _BRANCHING):
            yield from _module_level(list(ast.iter_child_nodes(statement)))
        else:
            yield statement


def _bound(statement: ast.AST) -> Iterator[tuple[str, _Binding]]:
    """Yield the names that `statement` binds, and by what; by nothing where that is no type."""
    match statement:
        case ast.Import(names=aliases):
            for alias in aliases:
                yield alias.asname or alias.name.partition(".")[0], (statement, alias)
        case ast.ImportFrom(names=aliases):
            for alias in aliases:
                yield alias.asname or alias.name, (statement, alias)
        case ast.ClassDef(name=name):
            yield name, (statement, None)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield name, (None, None)
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value)
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
        ):
            yield name, (value, None)
        case _ if is_type_statement(statement):
            yield getattr(statement, "name", ast.Name("")).id, (statement, None)
        case _:
            yield from ((name, (None, None)) for name in _stored(statement))


def is_type_statement(node: ast.AST | None) -> bool:
    """Whether `node` is `type X = ...`, which the parser knows from Python 3.12 on."""
    return type(node).__name__ == "TypeAlias"


def _stored(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        match inner:
            case (
                ast.Name(id=name, ctx=ast.Store() | ast.Del())
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.MatchMapping(rest=str(name))
            ):
                yield name


def _imported(
    project: Project, module: Module, statement: ast.AST | None, alias: ast.alias
) -> Named | None:
    if isinstance(statement, ast.ImportFrom):
        package = module.absolute(statement.module or "", statement.level)
        return _absolute(project, f"{package}.{alias.name}") if package else None
    return _absolute(project, alias.name if alias.asname else alias.name.partition(".")[0])
