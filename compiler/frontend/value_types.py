"""The types of the values of one pipeline, as they become known while it is lowered."""

import ast

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyReference, AnyValue, block_references, walk
from headrace.compiler.frontend.annotations import signature_types
from headrace.compiler.frontend.inference import infer
from headrace.compiler.frontend.parts import parts
from headrace.compiler.frontend.project import Definition, Project
from headrace.compiler.frontend.types import (
    UNKNOWN,
    Artifact,
    Bool,
    Complex,
    Enum,
    Float,
    FrozenSet,
    Int,
    List,
    Literal,
    NoneType,
    Record,
    Str,
    Tuple,
    TupleOf,
    Type,
    Union,
    Unknown,
    is_artifact,
    merge,
    type_of_value,
)
from headrace.compiler.glue import parsed
from headrace.compiler.source import Span
from headrace.runtime import wire

_UNCHANGEABLE = (Bool, Complex, Enum, Float, FrozenSet, Int, Literal, NoneType, Str, Tuple, TupleOf)


class ValueTypes:
    """What each value is, as far as annotations and expressions tell."""

    def __init__(self, project: Project) -> None:
        """Know nothing yet."""
        self._project = project
        self._types: dict[AnyReference, Type] = {}
        self._glue: dict[ir.Glue, Type] = {}
        self._signatures: dict[tuple[str, str], tuple[dict[str, Type], Type]] = {}

    def __setitem__(self, reference: AnyReference, type: Type) -> None:
        """Record the type of `reference`."""
        self._types[reference] = type

    def of(self, value: AnyValue) -> Type:
        """Return the type of `value`; unknown is what nothing has told."""
        match value:
            case ir.Const(text=text):
                return UNKNOWN if '"!"' in text else type_of_value(wire.decode(text))
            case ir.Glue():
                if value not in self._glue:
                    self._glue[value] = self.of_glue(parsed(value), dict(value.names))
                return self._glue[value]
        return self._types.get(value, UNKNOWN)

    def of_glue(self, expression: ast.expr, names: dict[str, AnyReference]) -> Type:
        """Return the type of `expression`, which reads `names`."""
        return infer(expression, {name: self.of(reference) for name, reference in names.items()})

    def merged(self, values: list[AnyValue]) -> Type:
        """Return the type of what is one of `values`."""
        return merge([self.of(value) for value in values])

    def list_of(self, value: AnyValue) -> Type:
        """Return the type of a list of such as `value`."""
        return List(self.of(value))

    def artifacts_at(self, body: ir.Block) -> Span | None:
        """Return the place of the first step that hands on what is an artifact, or holds one."""
        read = set(block_references(body))
        for node in walk(body):
            for output in node.outputs if isinstance(node, ir.Call | ir.Compute) else ():
                reference = ir.Output(node=node.id, name=output.name)
                of = self._types.get(reference, UNKNOWN)
                if reference in read and not isinstance(of, Unknown) and is_artifact(of):
                    return node.span
        return None

    def signature(self, definition: Definition) -> tuple[dict[str, Type], Type]:
        """Return the types of a function's parameters, and of what it returns.

        A decorator may change them all, so that those of a decorated function are unknown.
        """
        node, module = definition.node, definition.module
        if not isinstance(node, ast.FunctionDef) or module is None or node.decorator_list:
            return {}, UNKNOWN
        key = (module.name, definition.name)
        if key not in self._signatures:
            self._signatures[key] = signature_types(self._project, definition)
        return self._signatures[key]


def is_whole_artifact(of: Type) -> bool:
    """Whether a value of `of` is an artifact itself, not something that may hold one."""
    members = of.members if isinstance(of, Union) else (of,)
    return any(isinstance(member, Artifact) for member in members)


def cannot_be_given(of: Type) -> bool:
    """Whether a value of `of` is or holds an artifact, which the JSON of a run cannot give."""
    match of:
        case Artifact():
            return True
        case Union(members=members):
            return all(map(cannot_be_given, members))
        case Record(fields=fields):
            return any(cannot_be_given(field.type) for field in fields if not field.has_default)
    return any(map(cannot_be_given, parts(of)))


def is_unchangeable(of: Type) -> bool:
    """Whether no value of `of` can be changed in place."""
    if isinstance(of, Union):
        return all(map(is_unchangeable, of.members))
    return isinstance(of, _UNCHANGEABLE)
