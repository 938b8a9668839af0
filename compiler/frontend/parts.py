"""How types are put together and taken apart: unions, elements, items, fields."""

from collections.abc import Iterable, Iterator

from headrace.compiler.frontend.kinds import (
    BOOL,
    COMPLEX,
    DICTS,
    FLOAT,
    INT,
    NONE,
    STR,
    UNKNOWN,
    Abstract,
    Artifact,
    Bool,
    Complex,
    Dict,
    Enum,
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

LARGEST, DEEPEST = 1_000, 50
"""How many parts a type may have, and how deep they may stand in one another; beyond, it counts as
unknown, so that no source text can make the compiler work for long."""

_CLASS_OF: dict[type, Type] = {
    bool: BOOL,
    int: INT,
    float: FLOAT,
    complex: COMPLEX,
    str: STR,
    type(None): NONE,
}
_BYTES = Artifact("bytes")
_MAPPINGS = frozenset({"Mapping", "MutableMapping"})
_SEQUENCES = frozenset({"Sequence", "MutableSequence"})


def merge(types: Iterable[Type]) -> Type:
    """Return the union of `types`; of none at all, unknown.

    Equal members become one, and so do literals, and what is known of a class of one name. An
    unknown member makes the whole unknown, and unannotated if it is.
    """
    members: dict[Type | str, Type] = {}
    literals: dict[str, bool | int | str] = {}
    for member in _members(types):
        if isinstance(member, Unknown) and member.unannotated:
            return member
        if isinstance(member, Literal):
            literals.update((repr(value), value) for value in member.values)
        key = member.name if isinstance(member, Record | Enum | Artifact) else member
        members.setdefault(key, member)
    if not members or UNKNOWN in members:
        return UNKNOWN
    all_ = list(members.values())
    rest: list[Type] = [member for member in all_ if not isinstance(member, Literal)]
    left = tuple(v for v in literals.values() if class_of(v) not in rest)
    if left:
        first = next(i for i, member in enumerate(all_) if isinstance(member, Literal))
        rest.insert(first, Literal(left))
    return rest[0] if len(rest) == 1 else bounded(Union(tuple(rest)))


def _members(types: Iterable[Type]) -> Iterator[Type]:
    for member in types:
        if isinstance(member, Union):
            yield from member.members
        else:
            yield member


def class_of(value: object) -> Type:
    """Return the type of the exact class of a constant; unknown if it is no scalar."""
    return _BYTES if type(value) is bytes else _CLASS_OF.get(type(value), UNKNOWN)


def parts(of: Type) -> tuple[Type, ...]:
    """Return the types that stand directly in `of`."""
    match of:
        case Union():
            return of.members
        case Tuple():
            return of.items
        case Value():
            return of.arguments
        case Artifact():
            return of.bases
        case List() | Set() | FrozenSet() | TupleOf():
            return (of.element,)
        case Dict():
            return (of.key, of.value)
        case Abstract():
            return (of.element,) if of.value is None else (of.element, of.value)
        case Record():
            return (*(field.type for field in of.fields), *of.bases)
        case Enum():
            return (of.value, *of.bases)
    return ()


def bounded(of: Type) -> Type:
    """Return `of`, or unknown where it has more parts than `LARGEST` or deeper than `DEEPEST`."""
    waiting, count = [(of, 0)], 0
    while waiting:
        inner, depth = waiting.pop()
        count += 1
        if count > LARGEST or depth > DEEPEST:
            return UNKNOWN
        waiting.extend((part, depth + 1) for part in parts(inner))
    return of


def type_of_value(value: object) -> Type:
    """Return the type of a constant made of None, bool, int, float, str, list, tuple and dict."""
    return bounded(_type_of_value(value, 0))


def _type_of_value(value: object, depth: int) -> Type:
    if depth > DEEPEST:
        return UNKNOWN
    if type(value) is list:
        return List(merge(_type_of_value(item, depth + 1) for item in value))
    if type(value) is tuple:
        return Tuple(tuple(_type_of_value(item, depth + 1) for item in value))
    if type(value) is dict:
        keys = merge(_type_of_value(key, depth + 1) for key in value)
        return Dict(keys, merge(_type_of_value(item, depth + 1) for item in value.values()))
    return class_of(value)


def widened(of: Type) -> Type:
    """Return `of` with the classes of literals in their place."""
    if isinstance(of, Union):
        return merge(map(widened, of.members))
    return merge(map(class_of, of.values)) if isinstance(of, Literal) else of


def behaves_as(of: Type) -> Type:
    """Return the built-in or abstract type whose methods a value of `of` has; else `of` itself."""
    match of:
        case Literal():
            return widened(of)
        case Value(name=name, arguments=arguments) if name in DICTS:
            key = arguments[0] if arguments else UNKNOWN
            counts = INT if name == "collections.Counter" else UNKNOWN
            return Dict(key, arguments[1] if len(arguments) > 1 else counts)
        case Value(name="collections.deque", arguments=arguments):
            return Abstract("MutableSequence", arguments[0] if arguments else UNKNOWN)
        case Value(name="range"):
            return Abstract("Sequence", INT)
        case Record(kind="namedtuple", fields=fields):
            return Tuple(tuple(field.type for field in fields))
        case Record(kind="typeddict"):
            return Dict(STR, UNKNOWN)  # it may have keys that are not declared
    return of


def element(of: Type) -> Type | None:
    """Return what iterating over a value of `of` gives; None if that is certain to fail."""
    of = behaves_as(of)
    match of:
        case Union(members=members):
            return _of_each(map(element, members))
        case List() | Set() | FrozenSet() | TupleOf() | Abstract():
            return of.element
        case Dict(key=key):
            return key
        case Tuple(items=items):
            return merge(items)
        case Str():
            return STR
        case NoneType() | Bool() | Int() | Float() | Complex():
            return None
    return UNKNOWN


def _of_each(found: Iterable[Type | None]) -> Type | None:
    """Return the union of what those members of a union give that give anything."""
    there = [one for one in found if one is not None]
    return merge(there) if there else None


def item(of: Type, index: object) -> Type | None:
    """Return what the constant `index` in brackets gives; None if that is certain to fail.

    A key that a typed dict does not declare counts as certain to fail.
    """
    if isinstance(of, Union):
        return _of_each(item(member, index) for member in of.members)
    if isinstance(of, Record) and of.kind == "typeddict":
        return next((f.type for f in of.fields if f.name == index), None)
    of = behaves_as(of)
    by_position = isinstance(index, int)
    match of:
        case Union():
            return item(of, index)
        case Tuple(items=items):
            inside = isinstance(index, int) and -len(items) <= index < len(items)
            return items[index] if isinstance(index, int) and inside else None
        case List() | TupleOf():
            return of.element if by_position else None
        case Str():
            return STR if by_position else None
        case Dict():
            return of.value
        case Abstract(name=name, value=value) if name in _MAPPINGS:
            return value or UNKNOWN
        case Abstract(name=name) if name in _SEQUENCES:
            return of.element if by_position else None
        case Set() | FrozenSet() | NoneType() | Bool() | Int() | Float() | Complex():
            return None
    return UNKNOWN


_NUMBER = {"real": FLOAT, "imag": FLOAT}
_INTEGER = dict.fromkeys(("real", "imag", "numerator", "denominator"), INT)
_DATE = dict.fromkeys(("year", "month", "day"), INT)
_TIME = dict.fromkeys(("hour", "minute", "second", "microsecond", "fold"), INT)
_PATH = dict.fromkeys(("name", "stem", "suffix"), STR)
_ATTRIBUTES: dict[str, dict[str, Type]] = {
    "datetime.date": {**_DATE},
    "datetime.datetime": {**_DATE, **_TIME},
    "datetime.time": {**_TIME},
    "datetime.timedelta": dict.fromkeys(("days", "seconds", "microseconds"), INT),
    "pathlib.Path": {**_PATH},
    "pathlib.PurePath": {**_PATH},
}


def field(of: Type, name: str) -> Type | None:
    """Return the type of the attribute `name` of a value of `of`; None if it has none such.

    Methods of built-in types count as none: they are no values. What else a class has beside the
    fields that it declares is unknown.
    """
    match widened(of):
        case Union(members=members):
            return _of_each(field(member, name) for member in members)
        case Record(kind="typeddict"):
            return None
        case Record(fields=fields, others=others, open=is_open):
            declared = next((f.type for f in fields if f.name == name), None)
            return declared or (UNKNOWN if is_open or name in others else None)
        case Bool() | Int():
            return _INTEGER.get(name)
        case Float() | Complex():
            return _NUMBER.get(name)
        case Enum(value=value):
            return value if name == "value" else UNKNOWN
        case Value(name=of_class) | Artifact(name=of_class):
            return _ATTRIBUTES.get(of_class, {}).get(name, UNKNOWN)
        case NoneType() | Str() | List() | Dict() | Set() | FrozenSet() | Tuple() | TupleOf():
            return None
    return UNKNOWN
