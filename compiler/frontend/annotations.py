"""Types as annotations say them: read from the source, over the names of its module."""

import ast
import builtins
from collections.abc import Callable, Iterator, Mapping, Sequence

from headrace.compiler.frontend.declarations import read_call, read_class
from headrace.compiler.frontend.kinds import FOREIGN_CLASSES, VALUE_CLASSES
from headrace.compiler.frontend.origins import (
    ABSTRACT,
    Named,
    dotted_name,
    find,
    is_type_statement,
    memory,
    parsed,
    type_parameters,
)
from headrace.compiler.frontend.parts import bounded, class_of
from headrace.compiler.frontend.project import Definition, Module, Project
from headrace.compiler.frontend.types import (
    BOOL,
    COMPLEX,
    FLOAT,
    INT,
    NONE,
    STR,
    UNANNOTATED,
    UNKNOWN,
    Abstract,
    Artifact,
    Dict,
    Enum,
    FrozenSet,
    List,
    Literal,
    Set,
    Tuple,
    TupleOf,
    Type,
    Value,
    merge,
)

_MOST_STEPS, _DEEPEST = 1_000, 25
"""As many parts of an annotation, and of what it refers to, are read, and so deep; the rest is
unknown, so that no source text can make the compiler work for long."""

_SCALARS: dict[str, Type] = {
    "None": NONE,
    "types.NoneType": NONE,
    "bool": BOOL,
    "int": INT,
    "float": FLOAT,
    "complex": COMPLEX,
    "str": STR,
    "typing.LiteralString": STR,
    "typing.AnyStr": merge([STR, Artifact("bytes")]),
    "typing.TypeGuard": BOOL,
    "typing.TypeIs": BOOL,
}
_COLLECTIONS: dict[str, Callable[[Type], Type]] = {
    "list": List,
    "set": Set,
    "frozenset": FrozenSet,
    "tuple": TupleOf,
}
_QUALIFIERS = ("Annotated", "ClassVar", "Final", "NotRequired", "ReadOnly", "Required")
QUALIFIERS = frozenset({"dataclasses.InitVar", *(f"typing.{name}" for name in _QUALIFIERS)})
"""What stands around a type and says something else than what it is."""

_TYPING_CLASSES = frozenset({"Callable", "IO", "TextIO", "BinaryIO", "Pattern", "Match"})
_SAY_NOTHING = frozenset({"typing", "numbers", "enum", "object", "collections.abc.Hashable"})
"""Modules and things that say nothing of what a value is, or only which methods it has."""

_NUMPY = """
    generic number integer signedinteger unsignedinteger inexact floating complexfloating flexible
    character bool bool_ byte short intc int_ intp long longlong ubyte ushort uintc uint uintp ulong
    ulonglong half single double float_ complex_ csingle cdouble str_ unicode_ bytes_ string_
    datetime64 timedelta64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64
    complex64 complex128
"""
_NUMPY_SCALARS = frozenset(f"numpy.{name}" for name in _NUMPY.split())
"""https://numpy.org/doc/stable/reference/arrays.scalars.html, less those with more digits than a
float."""

Scope = Mapping[str, Named]
"""Names that are bound nearer than the module: type parameters, classes in a class."""


def read_annotation(project: Project, module: Module, node: ast.expr | None) -> Type:
    """Return the type that the annotation `node` in `module` says; without one, unannotated.

    What cannot be resolved, or is no type, is unknown. So is a type variable, unless it is one of
    several given types: a bound says less than the call that binds it.
    """
    return _read(AnnotationReader(project), module, node, {})


def signature_types(project: Project, definition: Definition) -> tuple[dict[str, Type], Type]:
    """Return the types of a function's parameters by name, and of what it returns.

    `*rest` and `**rest` keep their stars, and have the type of each of their arguments. A parameter
    whose default is None takes None, whatever its annotation says. A type variable is its bound in
    a parameter.

    Raises:
        ValueError: `definition` is not a function.
    """
    node, module = definition.node, definition.module
    if module is None or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        raise ValueError(f"{definition.name} is not a function")
    scope = type_parameters(module, node)
    types = {}
    for name, argument, default in _parameters(node.args):
        reader = AnnotationReader(project, bounds=True)
        found = _read(reader, module, argument.annotation, scope)
        may_be_none = isinstance(default, ast.Constant) and default.value is None
        types[name] = merge([found, NONE]) if may_be_none else found
    return types, _read(AnnotationReader(project), module, node.returns, scope)


def _parameters(of: ast.arguments) -> Iterator[tuple[str, ast.arg, ast.expr | None]]:
    """Yield the parameters in order, with their names as `ir.FunctionParameter` has them."""
    positional = [*of.posonlyargs, *of.args]
    defaults = [None] * (len(positional) - len(of.defaults)) + list(of.defaults)
    yield from ((a.arg, a, default) for a, default in zip(positional, defaults, strict=True))
    if of.vararg:
        yield f"*{of.vararg.arg}", of.vararg, None
    yield from ((a.arg, a, d) for a, d in zip(of.kwonlyargs, of.kw_defaults, strict=True))
    if of.kwarg:
        yield f"**{of.kwarg.arg}", of.kwarg, None


def _read(reader: "AnnotationReader", module: Module, node: ast.expr | None, scope: Scope) -> Type:
    if node is None:
        return UNANNOTATED
    try:
        return bounded(reader.read(module, node, scope))
    except RecursionError:
        return UNKNOWN


class AnnotationReader:
    """Reads one annotation, and the definitions that it refers to."""

    def __init__(self, project: Project, *, bounds: bool = False) -> None:
        """Read over `project`; `bounds`: a type variable is its bound, and else unknown."""
        self.project = project
        self._bounds = bounds
        self._steps = _MOST_STEPS
        self._depth = 0
        self._active: set[tuple[str, str]] = set()

    def read(self, module: Module, node: ast.expr, scope: Scope) -> Type:
        """Return the type that `node` says at the level of `module`, inside of `scope`."""
        self._steps -= 1
        if self._steps < 0 or self._depth > _DEEPEST:
            return UNKNOWN
        self._depth += 1
        try:
            match node:
                case ast.Constant(value=None):
                    return NONE
                case ast.Constant(value=str(text)):
                    inner = parsed(text)
                    return self.read(module, inner, scope) if inner else UNKNOWN
                case ast.BinOp(op=ast.BitOr()):
                    return merge([self.read(module, m, scope) for m in _alternatives(node)])
                case ast.Subscript(value=value, slice=ast.Tuple(elts=arguments)):
                    return self._named(module, value, arguments, scope)
                case ast.Subscript(value=value, slice=argument):
                    return self._named(module, value, [argument], scope)
                case _:
                    return self._named(module, node, None, scope)
        finally:
            self._depth -= 1

    def named(self, module: Module, node: ast.expr, scope: Scope) -> Named | None:
        """Return what the name `node` stands for."""
        dotted = dotted_name(node)
        if dotted is None:
            return None
        return scope.get(dotted) or find(self.project, module, dotted)

    def origin(self, module: Module, node: ast.expr, scope: Scope) -> str:
        """Return the dotted name of the library's thing that `node` names; empty if it is none."""
        named = self.named(module, node, scope)
        return named.origin if named else ""

    def qualifiers(self, module: Module, node: ast.expr, scope: Scope) -> set[str]:
        """Return the origins of the `QUALIFIERS` that stand around the type that `node` says."""
        found: set[str] = set()
        inner: ast.expr | None = node
        while inner is not None:
            if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                inner = parsed(inner.value)
                continue
            head = inner.value if isinstance(inner, ast.Subscript) else inner
            origin = self.origin(module, head, scope)
            if origin not in QUALIFIERS:
                break
            found.add(origin)
            argument = inner.slice if isinstance(inner, ast.Subscript) else None
            listed = argument.elts if isinstance(argument, ast.Tuple) else [argument]
            inner = listed[0] if listed else None
        return found

    def _named(
        self,
        module: Module,
        node: ast.expr,
        arguments: Sequence[ast.expr] | None,
        scope: Scope,
    ) -> Type:
        named = self.named(module, node, scope)
        if named is None:
            return UNKNOWN
        if named.module is not None:
            return self._definition(named)
        if named.origin in QUALIFIERS or named.origin == "typing.Optional":
            inner = self.read(module, arguments[0], scope) if arguments else UNKNOWN
            return inner if named.origin in QUALIFIERS else merge([inner, NONE])
        if named.origin == "typing.Literal":
            return merge([self._literal(module, a, scope) for a in arguments or ()])
        if named.origin == "tuple" and arguments is not None:
            return self._tuple(module, arguments, scope)
        read = [self.read(module, argument, scope) for argument in arguments or ()]
        return merge(read) if named.origin == "typing.Union" else _library_type(named.origin, read)

    def _tuple(self, module: Module, arguments: Sequence[ast.expr], scope: Scope) -> Type:
        match arguments:
            case [element, ast.Constant(value=value)] if value is ...:
                return TupleOf(self.read(module, element, scope))
        for argument in arguments:
            inner = argument.value if isinstance(argument, ast.Subscript) else argument
            if isinstance(inner, ast.Starred) or (
                self.origin(module, inner, scope) == "typing.Unpack"
            ):
                return TupleOf(UNKNOWN)
        return Tuple(tuple(self.read(module, argument, scope) for argument in arguments))

    def _literal(self, module: Module, node: ast.expr, scope: Scope) -> Type:
        match node:
            case ast.Constant(value=bool(value) | int(value) | str(value)):
                return Literal((value,))
            case ast.Constant(value=value):
                return class_of(value)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value))):
                return Literal((-value,))
            case ast.Attribute(value=owner):
                member = self.read(module, owner, scope)
                return member if isinstance(member, Enum) else self.read(module, node, scope)
        return self.read(module, node, scope)

    # --- what the project defines ----------------------------------------------------------------

    def _definition(self, named: Named) -> Type:
        """Return the type that a definition of the project stands for; unknown inside of itself."""
        assert named.module is not None
        place = (named.module.name, named.name)
        if place in self._active:
            return UNKNOWN
        if self._active:
            # Inside of another definition it may be cut short where the two meet again.
            return self._defined(named.module, named, place)
        known = memory(self.project).types
        if (*place, self._bounds) not in known:
            reader = AnnotationReader(self.project, bounds=self._bounds)
            known[(*place, self._bounds)] = reader._defined(named.module, named, place)
        return known[(*place, self._bounds)]

    def _defined(self, module: Module, named: Named, place: tuple[str, str]) -> Type:
        node, bounds = named.node, self._bounds
        self._active.add(place)
        try:
            if isinstance(node, ast.ClassDef):
                self._bounds = False
                return read_class(self, module, named.name, node)
            if is_type_statement(node):
                scope = type_parameters(module, node)
                return self.read(module, getattr(node, "value", ast.Constant(...)), scope)
            if isinstance(node, ast.Call):
                return self._call(module, named.name, node)
            if isinstance(node, ast.expr):
                return self.read(module, node, {})
            bound = getattr(node, "bound", None)
            return self._variable(module, bound, getattr(bound, "elts", ()))
        finally:
            self._active.discard(place)
            self._bounds = bounds

    def _call(self, module: Module, name: str, node: ast.Call) -> Type:
        match self.origin(module, node.func, {}), node.args:
            case "typing.TypeVar", _:
                bound = next((k.value for k in node.keywords if k.arg == "bound"), None)
                return self._variable(module, bound, node.args[1:])
            case "typing.NewType" | "typing.TypeAliasType", [_, value, *_]:
                return self.read(module, value, {})
        return read_call(self, module, name, node)

    def _variable(
        self, module: Module, bound: ast.expr | None, constraints: Sequence[ast.expr]
    ) -> Type:
        if constraints:
            return merge([self.read(module, constraint, {}) for constraint in constraints])
        return self.read(module, bound, {}) if bound and self._bounds else UNKNOWN


def _alternatives(node: ast.expr) -> list[ast.expr]:
    """Return `a`, `b` and `c` of `a | b | c`."""
    found: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        found.append(node.right)
        node = node.left
    return [node, *reversed(found)]


def _library_type(origin: str, arguments: list[Type]) -> Type:
    """Return the type of the builtin or library class `origin` with its type arguments."""
    first, second = [*arguments, UNKNOWN, UNKNOWN][:2]
    if origin in _SCALARS:
        return _SCALARS[origin]
    if origin in _COLLECTIONS:
        return _COLLECTIONS[origin](first)
    if origin == "dict":
        return Dict(first, second)
    if origin in ABSTRACT:
        return _abstract(ABSTRACT[origin], first, second)
    if origin in VALUE_CLASSES:
        return Value(origin, tuple(arguments))
    package, _, name = origin.rpartition(".")
    if origin in _NUMPY_SCALARS:
        return Value(origin)
    if origin in FOREIGN_CLASSES:
        return _foreign(origin)
    if {origin, package} & _SAY_NOTHING and name not in _TYPING_CLASSES:
        return UNKNOWN
    if not package and not isinstance(getattr(builtins, origin, None), type):
        return UNKNOWN
    return Artifact(origin, (UNKNOWN,))


def _abstract(name: str, first: Type, second: Type) -> Type:
    if name in ("Mapping", "MutableMapping"):
        return Abstract(name, first, second)
    return Abstract(name, Tuple((first, second)) if name == "ItemsView" else first)


def _foreign(name: str) -> Artifact:
    return Artifact(name, tuple(map(_foreign, FOREIGN_CLASSES[name])))
