"""The kinds of static types: what annotations say, and what expressions are inferred to give."""

from dataclasses import dataclass
from typing import Literal as OneOf
from typing import TypeAlias


@dataclass(frozen=True)
class Unknown:
    """What the source does not tell; it fits everything, both ways.

    `unannotated`: there is no annotation at all, not one such as `Any` that says nothing.
    """

    unannotated: bool = False


@dataclass(frozen=True)
class NoneType:
    """None."""


@dataclass(frozen=True)
class Bool:
    """True and False."""


@dataclass(frozen=True)
class Int:
    """An int, a bool included."""


@dataclass(frozen=True)
class Float:
    """A float, or an int where a float is meant (PEP 484, "The numeric tower")."""


@dataclass(frozen=True)
class Complex:
    """A complex number, or a float or int where one is meant."""


@dataclass(frozen=True)
class Str:
    """A text."""


@dataclass(frozen=True, eq=False)
class Literal:
    """One of `values`, told apart by class as well: `1` is not `True`."""

    values: tuple[bool | int | str, ...]

    def __eq__(self, other: object) -> bool:
        """Whether `other` allows the same values in the same order."""
        return isinstance(other, Literal) and self._key() == other._key()

    def __hash__(self) -> int:
        """Return a hash that fits the equality."""
        return hash(self._key())

    def _key(self) -> tuple[str, ...]:
        return tuple(map(repr, self.values))


@dataclass(frozen=True)
class Enum:
    """A member of an enumeration.

    `name` is `module:qualified name`, as the shim imports it. `value` is the type of the members'
    values, and `bases` are the types whose instances they are too, such as `Str` for a `StrEnum`.
    """

    name: str
    members: tuple[str, ...] = ()
    value: "Type" = Unknown()
    bases: "tuple[Type, ...]" = ()


@dataclass(frozen=True)
class List:
    """A list."""

    element: "Type"


@dataclass(frozen=True)
class Dict:
    """A dict."""

    key: "Type"
    value: "Type"


@dataclass(frozen=True)
class Set:
    """A set."""

    element: "Type"


@dataclass(frozen=True)
class FrozenSet:
    """A frozenset."""

    element: "Type"


@dataclass(frozen=True)
class Tuple:
    """A tuple of as many elements as `items`."""

    items: "tuple[Type, ...]"


@dataclass(frozen=True)
class TupleOf:
    """A tuple of any length: `tuple[element, ...]`."""

    element: "Type"


@dataclass(frozen=True)
class Union:
    """One of two or more types; `merge` makes it."""

    members: "tuple[Type, ...]"


RecordKind: TypeAlias = OneOf["dataclass", "namedtuple", "typeddict"]


@dataclass(frozen=True)
class Field:
    """A field of a record; `has_default`: it need not be given."""

    name: str
    type: "Type"
    has_default: bool = False


@dataclass(frozen=True)
class Record:
    """A dataclass, a named tuple or a typed dict, with its fields in order.

    `name` is `module:qualified name`. `others` are the names of what its instances have besides
    fields (methods, properties, attributes that a method sets); `open`: and perhaps of more, which
    the source does not tell.
    """

    kind: RecordKind
    name: str
    fields: tuple[Field, ...] = ()
    bases: "tuple[Type, ...]" = ()
    others: tuple[str, ...] = ()
    open: bool = False


@dataclass(frozen=True)
class Value:
    """A value of a class of a library that travels as JSON (`headrace.runtime.wire_types`).

    `name` is dotted, as in `datetime.date`; `arguments` are those of a generic class.
    """

    name: str
    arguments: "tuple[Type, ...]" = ()


@dataclass(frozen=True)
class Abstract:
    """What has the methods of a class of `collections.abc`, by the class's bare name.

    `element` is what iterating gives; `value` is present for the mappings.
    """

    name: str
    element: "Type" = Unknown()
    value: "Type | None" = None


@dataclass(frozen=True)
class Artifact:
    """An object of any other class; it travels by reference.

    `name` is `module:qualified name` for a class of the project, and dotted for any other. `bases`
    are its base classes; an `Unknown` among them stands for what the source does not tell, up to
    whether the name means a class at all.
    """

    name: str
    bases: "tuple[Type, ...]" = ()


Scalar: TypeAlias = NoneType | Bool | Int | Float | Complex | Str | Literal
Collection: TypeAlias = List | Dict | Set | FrozenSet | Tuple | TupleOf
Class: TypeAlias = Enum | Record | Artifact
Type: TypeAlias = Unknown | Scalar | Collection | Union | Class | Value | Abstract

UNKNOWN, UNANNOTATED = Unknown(), Unknown(unannotated=True)
NONE, BOOL, INT, FLOAT, COMPLEX, STR = NoneType(), Bool(), Int(), Float(), Complex(), Str()

FOREIGN_CLASSES: dict[str, tuple[str, ...]] = {
    "bytes": (),
    "bytearray": ("bytes",),
    "memoryview": ("bytes",),
    "pathlib.PurePath": (),
    "pathlib.PurePosixPath": ("pathlib.PurePath",),
    "pathlib.PureWindowsPath": ("pathlib.PurePath",),
    "pathlib.Path": ("pathlib.PurePath",),
    "pathlib.PosixPath": ("pathlib.Path", "pathlib.PurePosixPath"),
    "pathlib.WindowsPath": ("pathlib.Path", "pathlib.PureWindowsPath"),
    "numpy.ndarray": (),
    "pandas.DataFrame": (),
    "pandas.Series": (),
    "polars.DataFrame": (),
    "polars.LazyFrame": (),
    "polars.Series": (),
    "torch.Tensor": (),
    "torch.nn.Module": (),
}
"""Classes that are artifacts, with all their bases that matter here.

PEP 688 ended it that `bytes` stands for `bytearray` and `memoryview` too, and much code still
means it so.
"""

DICTS = frozenset({"collections.OrderedDict", "collections.defaultdict", "collections.Counter"})
"""The `Value`s that are dicts; their arguments are the types of keys and values."""

VALUE_CLASSES = DICTS | {
    "collections.deque",
    "datetime.date",
    "datetime.datetime",
    "datetime.time",
    "datetime.timedelta",
    "decimal.Decimal",
    "fractions.Fraction",
    "range",
    "uuid.UUID",
}
"""The classes of `Value`s, besides the scalars of numpy."""
