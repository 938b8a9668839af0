"""What the names in a step's function stand for, as far as they outlive a call of it."""

import ast
import builtins
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from headrace.compiler.frontend.inlining import defaults
from headrace.compiler.frontend.modules import (
    Imported,
    Module,
    imported_names,
    is_container,
)
from headrace.compiler.frontend.project import Definition, Project

ENVIRONMENT = "os.environ"
"""The owner of the cells that are variables of the environment."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


class Cell(NamedTuple):
    """A part of what outlives a call: what a name is bound to, its content, or one attribute.

    `owner` is the module of the name, `module:function` for the default of a parameter, or
    `os.environ`; `part` is `name`, `content`, or a dot and an attribute.
    """

    owner: str
    name: str
    part: str


@dataclass(frozen=True)
class State:
    """What a chain of names such as `config.RATES.low` stands for.

    `owner` and `name` are as in `Cell`; `attributes` follow the name. A `copy` was bound by an
    import and stays what it was when the name it was imported from is bound anew. `definition` is
    what the name stands for, if the source tells.
    """

    owner: str
    name: str
    attributes: tuple[str, ...] = ()
    copy: bool = False
    definition: Definition | None = None

    @property
    def part(self) -> str:
        """The part of what the name stands for that a change of this in place changes."""
        return f".{self.attributes[0]}" if self.attributes else "content"

    def cell(self, part: str) -> Cell:
        """Return a part of this state."""
        return Cell(self.owner, self.name, part)


@dataclass(frozen=True)
class Scope:
    """The names of a function: its own, those declared `global`, and those it imports itself.

    `kept` are the parameters that hold the same mutable default in each call, with the owner of
    their cells.
    """

    module: Module
    own: frozenset[str]
    declared: frozenset[str]
    imports: Mapping[str, Imported] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)

    def inner(self, node: ast.AST) -> "Scope":
        """Return the names of the function, lambda or class `node` within this one."""
        own, declared, imports = _bound(list(_stores(node)))
        return replace(
            self,
            own=(self.own | own) - declared,
            declared=self.declared - own | declared,
            imports={**{k: v for k, v in self.imports.items() if k not in own}, **imports},
            kept={name: owner for name, owner in self.kept.items() if name not in own},
        )


def scope_of(module: Module, node: Function) -> Scope:
    """Return the names of the function `node` of `module`."""
    stores = list(_stores(node))
    own, declared, imports = _bound(stores)
    rebound = {name for name, how in stores if how != "parameter"}
    kept = {
        name: f"{module.name}:{node.name}"
        for name, default in _all_defaults(node)
        if name not in rebound and is_container(default)
    }
    return Scope(module, own, declared, imports, kept)


def _all_defaults(node: Function) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.FunctionDef):
        yield from defaults(node)


# --- what a function binds -----------------------------------------------------------------------


def _bound(
    stores: list[tuple[str, str | Imported]],
) -> tuple[frozenset[str], frozenset[str], dict[str, Imported]]:
    """Return the names that `stores` bind, those they declare global, and what they import."""
    declared = frozenset(name for name, how in stores if how == "global")
    own = frozenset(name for name, _ in stores) - declared
    imports = {name: how for name, how in stores if isinstance(how, Imported)}
    for name, how in stores:
        if not isinstance(how, Imported):
            imports.pop(name, None)
    return own, declared, imports


def _stores(node: ast.AST) -> Iterator[tuple[str, str | Imported]]:
    """Yield what binds each name of `node`'s own scope, which the scopes within it do not."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        arguments = node.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            yield argument.arg, "parameter"
        for rest in filter(None, (arguments.vararg, arguments.kwarg)):
            yield rest.arg, "parameter"
    body = getattr(node, "body", [])
    pending: list[ast.AST] = list(body) if isinstance(body, list) else [body]
    while pending:
        child = pending.pop()
        match child:
            case ast.AugAssign(target=ast.Name(), value=value):
                pending.append(value)
                continue
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name, "name"
            case (
                ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.MatchMapping(rest=str(name))
                | ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                yield name, "name"
            case ast.Import() | ast.ImportFrom():
                for name, binding in imported_names(child):
                    yield name, binding.imported or "name"
            case ast.Global(names=names):
                yield from ((name, "global") for name in names)
        if not isinstance(child, _SCOPES):
            pending.extend(ast.iter_child_nodes(child))


# --- what a chain of names stands for ------------------------------------------------------------


def chain(node: ast.expr) -> list[str]:
    """Return the names of `a.b.c`, and none for any other expression."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return [node.id, *reversed(names)] if isinstance(node, ast.Name) else []


def object_of(node: ast.expr) -> ast.expr:
    """Return the chain of names at the start of `node`, as `a.b` in `a.b[0].c[1]`."""
    while isinstance(node, ast.Attribute | ast.Subscript) and not chain(node):
        node = node.value
    return node


def is_made_of(value: ast.expr | None, target: ast.Subscript) -> bool:
    """Whether `value` is made of what `target`, to which it is assigned, held before."""
    of, key = ast.unparse(target.value), ast.unparse(target.slice)
    for node in ast.walk(value) if value else ():
        match node:
            case ast.Subscript(value=held, slice=slot):
                pass
            case ast.Call(func=ast.Attribute(value=held, attr="get"), args=[slot, *_]):
                pass
            case _:
                continue
        if (ast.unparse(held), ast.unparse(slot)) == (of, key):
            return True
    return False


def state_of(project: Project, scope: Scope, names: list[str]) -> State | None:
    """Return the state that the chain of `names` stands for in `scope`; None if it is no state."""
    root, *rest = names
    if root in scope.kept:
        return State(scope.kept[root], root, tuple(rest))
    if root in scope.own and root not in scope.imports:
        return None
    module = scope.module
    if root in scope.declared:
        binding = module.bindings.get(root)
        if binding is None or binding.kind != "import":
            found = project.resolve(module, root) if binding else None
            return State(module.name, root, tuple(rest), definition=found)
        return None
    is_bound = root in module.bindings or root in scope.imports or module.stars
    if not is_bound and hasattr(builtins, root):
        return None
    found = project.resolve(module, root, scope.imports)
    if found is None:
        return None if is_bound else State(module.name, root, tuple(rest))
    if found.kind == "module":
        return _in_module(project, found, rest)
    if found.kind == "foreign":
        return _foreign(".".join([found.name, *rest]))
    if found.module is None or "." in found.name:
        return None
    is_copy = found.module is not module and root not in scope.imports
    return State(found.module.name, found.name, tuple(rest), is_copy, found)


def _in_module(project: Project, found: Definition, rest: list[str]) -> State | None:
    while rest and found.kind == "module" and found.module is not None:
        around = found.module
        name, *rest = rest
        inner = project.resolve(around, name)
        if inner is None:
            return State(around.name, name, tuple(rest))
        if inner.kind == "foreign":
            return _foreign(".".join([inner.name, *rest]))
        if inner.kind != "module":
            if inner.module is None or "." in inner.name:
                return None
            is_copy = inner.module is not around
            return State(inner.module.name, inner.name, tuple(rest), is_copy, inner)
        found = inner
    return None


def _foreign(dotted: str) -> State | None:
    if dotted == ENVIRONMENT or dotted.startswith(f"{ENVIRONMENT}."):
        return State(ENVIRONMENT, "", tuple(dotted.split(".")[2:]))
    if dotted == "os.getenv":
        return State(ENVIRONMENT, "", ("get",))
    return None
