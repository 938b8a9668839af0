"""Types of the classes that a project defines: dataclasses, named tuples, typed dicts, enums."""

import ast
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from headrace.compiler.frontend.kinds import RecordKind
from headrace.compiler.frontend.origins import Named, memory, type_parameters
from headrace.compiler.frontend.parts import class_of
from headrace.compiler.frontend.project import Module
from headrace.compiler.frontend.types import (
    FLOAT,
    INT,
    STR,
    UNKNOWN,
    Artifact,
    Enum,
    Field,
    Record,
    Type,
    Unknown,
    merge,
)

if TYPE_CHECKING:
    from headrace.compiler.frontend.annotations import AnnotationReader

_ENUMS: dict[str, tuple[Type, ...]] = {
    "enum.Enum": (),
    "enum.Flag": (),
    "enum.IntEnum": (INT,),
    "enum.IntFlag": (INT,),
    "enum.ReprEnum": (),
    "enum.StrEnum": (STR,),
}
_DATACLASSES = frozenset({"dataclasses.dataclass", "pydantic.dataclasses.dataclass"})
_NO_BASE = frozenset({"object", "abc.ABC", "typing.Generic", "typing.NamedTuple"})
_DYNAMIC = frozenset({"setattr", "__setattr__", "__dict__", "__getattr__", "__getattribute__"})
_SIMPLE = (ast.Expr, ast.Assign, ast.AnnAssign, ast.Pass, ast.FunctionDef, ast.ClassDef)
_CHOOSES_VALUE = frozenset({"__new__", "__init__", "_generate_next_value_", "value", "_value_"})


class _Declaration:
    """A class statement, with its bases read."""

    def __init__(
        self, reader: "AnnotationReader", module: Module, name: str, node: ast.ClassDef
    ) -> None:
        """Read the bases of the class `node`, whose qualified name in `module` is `name`."""
        self.reader, self.module, self.node = reader, module, node
        self.key = f"{module.name}:{name}"
        # A class may be read many times, where others refer to it.
        known = memory(reader.project).names_in_class
        if node not in known:
            known[node] = frozenset(_names_in(node))
        self.names = known[node]
        self.is_simple = all(isinstance(statement, _SIMPLE) for statement in node.body)
        self.scope = _inner_scope(module, name, node)
        self.origins: set[str] = set()
        self.bases: list[Type] = []
        for base in node.bases:
            origin = self.origin(base.value if isinstance(base, ast.Subscript) else base)
            self.origins.add(origin)
            if isinstance(base, ast.Call):
                self.bases.append(read_call(reader, module, name, base))
            elif origin not in _NO_BASE | _ENUMS.keys() and origin != "typing.TypedDict":
                self.bases.append(reader.read(module, base, self.scope))

    def origin(self, node: ast.expr) -> str:
        """Return the dotted name of the library's thing that `node` names; empty if it is none."""
        return self.reader.origin(self.module, node, self.scope)

    def above(self, kind: RecordKind) -> list[Record]:
        """Return the bases that are records of `kind`."""
        return [base for base in self.bases if isinstance(base, Record) and base.kind == kind]

    def annotated(self) -> Iterator[tuple[str, ast.expr, ast.expr | None]]:
        """Yield name, annotation and value of the annotated assignments in the body."""
        for statement in self.node.body:
            match statement:
                case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                    yield name, annotation, value

    def qualifiers(self, annotation: ast.expr) -> set[str]:
        """Return the origins of what stands around the type in an annotation."""
        return self.reader.qualifiers(self.module, annotation, self.scope)

    def read(self, annotation: ast.expr) -> Type:
        """Return the type that an annotation in the class says."""
        return self.reader.read(self.module, annotation, self.scope)

    def record(self, kind: RecordKind, fields: Mapping[str, Field], more: set[str]) -> Record:
        """Return the record with these fields; its instances have the names in `more` besides."""
        above = self.above(kind)
        others = {*self.names, *more}.union(*(base.others for base in above))
        is_open = len(above) < len(self.bases) or any(base.open for base in above)
        decorators = self.node.decorator_list
        plain = all(_makes_dataclass(self.reader, self.module, d) for d in decorators)
        return Record(
            kind,
            self.key,
            tuple(fields.values()),
            tuple(self.bases),
            tuple(sorted(others - fields.keys())),
            open=is_open or not plain or bool(_DYNAMIC & self.names) or not self.is_simple,
        )


def _inner_scope(module: Module, name: str, node: ast.ClassDef) -> dict[str, Named]:
    scope = type_parameters(module, node)
    for inner in node.body:
        if isinstance(inner, ast.ClassDef):
            scope[inner.name] = Named(module=module, name=f"{name}.{inner.name}", node=inner)
    return scope


def _names_in(node: ast.ClassDef) -> Iterator[str]:
    """Yield the names that the body binds, the attributes that it sets, and what is `_DYNAMIC`."""
    for inner in ast.walk(node):
        match inner:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name) if inner is not node:
                yield name
            case ast.Name(id=name, ctx=context) | ast.Attribute(attr=name, ctx=context):
                if isinstance(context, ast.Store) or name in _DYNAMIC:
                    yield name


def read_class(reader: "AnnotationReader", module: Module, name: str, node: ast.ClassDef) -> Type:
    """Return the type of the instances of a class; `name` is its qualified name in `module`."""
    declaration = _Declaration(reader, module, name, node)
    origins, bases = declaration.origins, declaration.bases
    if "typing.Protocol" in origins:
        return UNKNOWN
    if origins & _ENUMS.keys() or any(isinstance(base, Enum) for base in bases):
        return _enum(declaration)
    if "typing.TypedDict" in origins or declaration.above("typeddict"):
        return _typed_dict(declaration)
    if "typing.NamedTuple" in origins or declaration.above("namedtuple"):
        return _named_tuple(declaration)
    if _is_dataclass(declaration) or declaration.above("dataclass"):
        return _dataclass(declaration)
    if any(isinstance(base, Unknown) for base in bases):
        return UNKNOWN
    return Artifact(declaration.key, tuple(bases))


# --- dataclasses ---------------------------------------------------------------------------------


def _is_dataclass(declaration: _Declaration) -> bool:
    return any(
        _makes_dataclass(declaration.reader, declaration.module, decorator)
        for decorator in declaration.node.decorator_list
    )


def _makes_dataclass(reader: "AnnotationReader", module: Module, decorator: ast.expr) -> bool:
    """Whether `decorator` is `dataclass`, called or not, or a name for that."""
    seen: set[ast.expr] = set()
    while decorator not in seen:
        seen.add(decorator)
        arguments = decorator.args if isinstance(decorator, ast.Call) else []
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        named = reader.named(module, function, {})
        if named is None:
            return False
        if named.module and isinstance(named.node, ast.Call):
            module, decorator = named.module, named.node
        elif named.origin == "functools.partial" and arguments:
            decorator = arguments[0]
        else:
            return named.origin in _DATACLASSES
    return False


def _dataclass(declaration: _Declaration) -> Record:
    fields: dict[str, Field] = {}
    for base in reversed(declaration.above("dataclass")):
        fields.update((field.name, field) for field in base.fields)
    if _is_dataclass(declaration):
        for name, annotation, value in declaration.annotated():
            qualifiers = declaration.qualifiers(annotation)
            is_field = not qualifiers & {"typing.ClassVar", "dataclasses.InitVar"}
            if is_field and declaration.origin(annotation) != "dataclasses.KW_ONLY":
                has_default = _has_default(declaration, value)
                fields[name] = Field(name, declaration.read(annotation), has_default)
    return declaration.record("dataclass", fields, set())


def _has_default(declaration: _Declaration, value: ast.expr | None) -> bool:
    if not isinstance(value, ast.Call) or declaration.origin(value.func) != "dataclasses.field":
        return value is not None
    given = {keyword.arg: keyword.value for keyword in value.keywords}
    init = given.get("init")
    not_taken = isinstance(init, ast.Constant) and init.value is False
    return not_taken or bool(given.keys() & {"default", "default_factory"})


# --- named tuples and typed dicts ----------------------------------------------------------------


def _named_tuple(declaration: _Declaration) -> Record:
    above = declaration.above("namedtuple")
    fields = {field.name: field for base in above[:1] for field in base.fields}
    if not above:
        for name, annotation, value in declaration.annotated():
            fields[name] = Field(name, declaration.read(annotation), value is not None)
    return declaration.record("namedtuple", fields, {"count", "index"})


def _typed_dict(declaration: _Declaration) -> Record:
    fields = {field.name: field for base in declaration.above("typeddict") for field in base.fields}
    for name, annotation, _ in declaration.annotated():
        qualifiers = declaration.qualifiers(annotation)
        need_not = _need_not_be_given(declaration.node.keywords, qualifiers)
        fields[name] = Field(name, declaration.read(annotation), need_not)
    return declaration.record("typeddict", fields, set())


def _need_not_be_given(keywords: Iterable[ast.keyword], qualifiers: set[str]) -> bool:
    """Whether a key need not be there: `keywords` may have `total`, `qualifiers` wins over it."""
    total = all(
        not (k.arg == "total" and isinstance(k.value, ast.Constant) and k.value.value is False)
        for k in keywords
    )
    return "typing.NotRequired" in qualifiers or not (total or "typing.Required" in qualifiers)


# --- enumerations --------------------------------------------------------------------------------


def _enum(declaration: _Declaration) -> Enum:
    standard = [_ENUMS[origin] for origin in _ENUMS if origin in declaration.origins]
    bases = (*itertools.chain(*standard), *declaration.bases)
    members, others = _members(declaration)
    built_in = [base for base in bases if base in (STR, INT, FLOAT)]
    value = built_in[0] if built_in else merge([*members.values(), *others])
    certain = declaration.origins <= _ENUMS.keys() | {"int", "str", "float"}
    if not certain or _CHOOSES_VALUE & declaration.names:
        value = UNKNOWN
    return Enum(declaration.key, tuple(members), value, bases)


def _members(declaration: _Declaration) -> tuple[dict[str, Type], list[Type]]:
    """Return the types of the members' values by name, and those of what may be members too."""
    members: dict[str, Type] = {}
    others: list[Type] = []
    for statement in declaration.node.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as assigned)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as assigned)
            ):
                special = name.startswith("__") or (name.startswith("_") and name.endswith("_"))
                if not special and not _is_no_member(declaration, assigned):
                    members[name] = _member_value(declaration, assigned)
            case ast.FunctionDef() | ast.Pass() | ast.Expr() | ast.AnnAssign(value=None):
                pass
            case _:
                others.append(UNKNOWN)
    return members, others


def _is_no_member(declaration: _Declaration, value: ast.expr) -> bool:
    return isinstance(value, ast.Lambda) or (
        isinstance(value, ast.Call)
        and declaration.origin(value.func) in ("enum.nonmember", "property", "staticmethod")
    )


def _member_value(declaration: _Declaration, value: ast.expr) -> Type:
    match value:
        case (
            ast.Constant(value=constant)
            | ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=constant))
        ):
            return class_of(constant)
        case ast.Call(func=function) if declaration.origin(function) == "enum.auto":
            return INT
    return UNKNOWN


# --- calls that make classes ---------------------------------------------------------------------


def read_call(reader: "AnnotationReader", module: Module, name: str, node: ast.Call) -> Type:
    """Return the type that `name = namedtuple(...)`, or another such call, makes a class for."""
    origin, key = reader.origin(module, node.func, {}), f"{module.name}:{name}"
    match origin, node.args:
        case "collections.namedtuple", [_, names, *_]:
            return _plain_named_tuple(key, names, node.keywords)
        case "typing.NamedTuple", [_, ast.List(elts=pairs) | ast.Tuple(elts=pairs)]:
            return _typed_named_tuple(reader, module, key, pairs)
        case "typing.TypedDict", [_, ast.Dict(keys=keys, values=values)]:
            fields = []
            for field, annotation in zip(map(_text, keys), values, strict=True):
                if field is None:
                    return UNKNOWN
                qualifiers = reader.qualifiers(module, annotation, {})
                need_not = _need_not_be_given(node.keywords, qualifiers)
                fields.append(Field(field, reader.read(module, annotation, {}), need_not))
            return Record("typeddict", key, tuple(fields))
        case _, [_, names] if origin in _ENUMS:
            members, bases = _names(names), _ENUMS[origin]
            if members and not {k.arg for k in node.keywords} - {"module", "qualname"}:
                return Enum(key, tuple(members), next(iter(bases), INT), bases)
    return UNKNOWN


def _plain_named_tuple(key: str, names: ast.expr, keywords: list[ast.keyword]) -> Type:
    fields = _names(names)
    given = {keyword.arg: keyword.value for keyword in keywords}
    defaults = given.get("defaults", ast.Tuple([], ast.Load()))
    is_display = isinstance(defaults, ast.Tuple | ast.List)
    if fields is None or given.keys() - {"defaults", "module"} or not is_display:
        return UNKNOWN
    assert isinstance(defaults, ast.Tuple | ast.List)
    required = len(fields) - len(defaults.elts)
    made = (Field(field, UNKNOWN, i >= required) for i, field in enumerate(fields))
    return Record("namedtuple", key, tuple(made), others=("count", "index"))


def _typed_named_tuple(
    reader: "AnnotationReader", module: Module, key: str, pairs: list[ast.expr]
) -> Type:
    fields = []
    for pair in pairs:
        match pair:
            case ast.Tuple(elts=[ast.Constant(value=str(field)), annotation]):
                fields.append(Field(field, reader.read(module, annotation, {})))
            case _:
                return UNKNOWN
    return Record("namedtuple", key, tuple(fields), others=("count", "index"))


def _text(node: ast.expr | None) -> str | None:
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return str(node.value) if isinstance(node, ast.Constant) and is_text else None


def _names(node: ast.expr) -> list[str] | None:
    """Return the names in `"a b"`, `"a, b"` or `["a", "b"]`; nothing for any other expression."""
    text = _text(node)
    if text is not None:
        return text.replace(",", " ").split()
    if not isinstance(node, ast.List | ast.Tuple):
        return None
    names = [name for name in map(_text, node.elts) if name is not None]
    return names if len(names) == len(node.elts) else None
