"""Static types of the values in a pipeline, and what is asked about them.

A type says what the source promises, as a type checker would read it. What it does not promise is
`Unknown`, which every question treats as innocent: a wrong answer would refuse a right program.
"""

from headrace.compiler.frontend.fitting import fits
from headrace.compiler.frontend.kinds import (
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
    Bool,
    Complex,
    Dict,
    Enum,
    Field,
    Float,
    FrozenSet,
    Int,
    List,
    Literal,
    NoneType,
    Record,
    Set,
    Str,
    Tuple,
    TupleOf,
    Type,
    Union,
    Unknown,
    Value,
)
from headrace.compiler.frontend.parts import element, field, item, merge, parts, type_of_value

__all__ = [
    "BOOL",
    "COMPLEX",
    "FLOAT",
    "INT",
    "NONE",
    "STR",
    "UNANNOTATED",
    "UNKNOWN",
    "Abstract",
    "Artifact",
    "Bool",
    "Complex",
    "Dict",
    "Enum",
    "Field",
    "Float",
    "FrozenSet",
    "Int",
    "List",
    "Literal",
    "NoneType",
    "Record",
    "Set",
    "Str",
    "Tuple",
    "TupleOf",
    "Type",
    "Union",
    "Unknown",
    "Value",
    "can_steer",
    "element",
    "field",
    "fits",
    "is_artifact",
    "is_parameter",
    "item",
    "merge",
    "show",
    "type_of_value",
]


def is_parameter(of: Type) -> bool:
    """Whether every value of `of` travels as JSON; of what is unknown nobody can say so."""
    match of:
        case Unknown() | Artifact():
            return False
        case Enum():
            return True
        case Record(fields=fields):
            return all(is_parameter(field.type) for field in fields)
    return all(map(is_parameter, parts(of)))


def is_artifact(of: Type) -> bool:
    """Whether a value of `of`, or a part of one, may be an artifact as far as its type tells.

    What has no annotation counts as one, what is annotated as anything at all does not.
    """
    match of:
        case Unknown(unannotated=unannotated):
            return unannotated
        case Artifact():
            return True
        case Enum():
            return False
        case Record(fields=fields):
            return any(is_artifact(field.type) for field in fields)
    return any(map(is_artifact, parts(of)))


def can_steer(of: Type) -> bool:
    """Whether a value of `of` may be the condition of a branch.

    No artifact may, nor what has no annotation. A collection may whatever it holds: its truth is
    whether it is empty.
    """
    match of:
        case Unknown(unannotated=unannotated):
            return not unannotated
        case Artifact():
            return False
        case Union(members=members):
            return all(map(can_steer, members))
    return True


_NAMES = {
    Unknown: "Any",
    NoneType: "None",
    Bool: "bool",
    Int: "int",
    Float: "float",
    Complex: "complex",
    Str: "str",
    List: "list",
    Dict: "dict",
    Set: "set",
    FrozenSet: "frozenset",
    TupleOf: "tuple",
}


def show(of: Type) -> str:
    """Return `of` as a user would write it, such as `dict[str, int] | None`."""
    match of:
        case Union(members=members):
            texts = [show(member) for member in members if not isinstance(member, NoneType)]
            return " | ".join([*texts, "None"] if len(texts) < len(members) else texts)
        case Literal(values=values):
            return f"Literal[{', '.join(map(repr, values))}]"
        case Tuple(items=()):
            return "tuple[()]"
        case Tuple(items=items):
            return f"tuple[{', '.join(map(show, items))}]"
        case TupleOf(element=inner) if not isinstance(inner, Unknown):
            return f"tuple[{show(inner)}, ...]"
        case Enum(name=name) | Record(name=name) | Artifact(name=name):
            return _bare(name)
        case Value(name=name):
            return _with_arguments(_bare(name), parts(of))
        case Abstract(name=name):
            return _with_arguments(name, parts(of))
    return _with_arguments(_NAMES[type(of)], parts(of))


def _with_arguments(name: str, arguments: tuple[Type, ...]) -> str:
    if all(isinstance(argument, Unknown) for argument in arguments):
        return name
    return f"{name}[{', '.join(map(show, arguments))}]"


def _bare(name: str) -> str:
    _, colon, qualified = name.partition(":")
    return qualified if colon else name.rpartition(".")[2]
