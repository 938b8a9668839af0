"""The Python types that travel inside a JSON text although JSON has no word for them.

Types are told apart by the name of their exact class, so that no module is imported for a value
that does not come from it.
"""

from __future__ import annotations

import base64
import sys

from headrace.runtime.errors import DataError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class Writer(Protocol):
        """What writes the parts of a value."""

        def text(self, value: object) -> str:
            """Return the JSON of `value`."""

        def tagged(self, fields: dict[str, Any]) -> str:
            """Return the JSON of an object that starts with the key `!`."""

    Write = Callable[[Writer, Any], "str | None"]
    """Gives the JSON of a value, or None when only an artifact can hold it."""

TAG = "!"

LONGEST_INLINE_BYTES = 1024
"""Longer `bytes` are artifacts."""


# --- classes of the user -------------------------------------------------------------------------


def write_by_class(value: object) -> Write | None:
    """Return what writes `value`, for the types that are known by what they derive from."""
    kind = type(value)
    if hasattr(kind, "__dataclass_fields__"):
        return _write_dataclass
    if isinstance(value, tuple) and hasattr(kind, "_fields") and hasattr(kind, "_make"):
        return _write_namedtuple
    enum = sys.modules.get("enum")
    if enum is not None and isinstance(value, enum.Enum):
        return _write_enum
    if isinstance(value, BaseException):
        return _write_exception
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic):
        return _write_numpy
    return None


def _class_name(kind: type) -> str | None:
    """Return `module:name` of a class that another process can import, else None."""
    found: Any = sys.modules.get(kind.__module__)
    for part in kind.__qualname__.split("."):
        found = getattr(found, part, None)
    return f"{kind.__module__}:{kind.__qualname__}" if found is kind else None


def _named_class(name: Any) -> Any:
    """Return the class that `module:name` names.

    Raises:
        DataError: there is none.
    """
    module, _, path = str(name).partition(":")
    try:
        __import__(module)
        found: Any = sys.modules[module]
        for part in path.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        raise DataError(f"a value is of the class {name}, which is not here: {error}") from None
    if not isinstance(found, type):
        raise DataError(f"a value is of the class {name}, which is not a class here")
    return found


def _write_dataclass(writer: Writer, value: Any) -> str | None:
    kind: Any = type(value)
    name = _class_name(kind)
    fields = kind.__dataclass_fields__
    names = [n for n, f in fields.items() if f._field_type.name == "_FIELD"]
    if name is None or kind.__new__ is not object.__new__:
        return None
    if not all(hasattr(value, field) for field in names):
        return None
    of = {field: getattr(value, field) for field in names}
    attributes = getattr(value, "__dict__", {})
    extra = {k: v for k, v in attributes.items() if k not in of and not _is_cached(kind, k)}
    return writer.tagged(
        {TAG: "dataclass", "class": name, "of": of, **({"more": extra} if extra else {})}
    )


def _is_cached(kind: type, name: str) -> bool:
    """Whether the attribute is one that a `cached_property` computes again."""
    return type(getattr(kind, name, None)).__name__ == "cached_property"


def _read_dataclass(fields: dict[str, Any]) -> Any:
    kind = _named_class(fields["class"])
    value = object.__new__(kind)
    for name, item in [*fields["of"].items(), *fields.get("more", {}).items()]:
        object.__setattr__(value, name, item)
    return value


def _write_namedtuple(writer: Writer, value: Any) -> str | None:
    name = _class_name(type(value))
    if name is None or getattr(value, "__dict__", None):
        return None
    of = dict(zip(value._fields, value))
    return writer.tagged({TAG: "namedtuple", "class": name, "of": of})


def _read_namedtuple(fields: dict[str, Any]) -> Any:
    kind = _named_class(fields["class"])
    if list(kind._fields) != list(fields["of"]):
        raise DataError(f"{fields['class']} has other fields here than where the value was made")
    return kind._make(fields["of"].values())


def _write_enum(writer: Writer, value: Any) -> str | None:
    name = _class_name(type(value))
    if name is None:
        return None
    inner = value.value
    shown = inner if _is_simple(inner) else repr(inner)
    return writer.tagged({TAG: "enum", "class": name, "name": value.name, "value": shown})


def _write_exception(writer: Writer, value: Any) -> str | None:
    name = _class_name(type(value))
    if name is None:
        return None
    # An OSError keeps the name of its file apart from its arguments.
    arguments = value.__reduce__()[1] if isinstance(value, OSError) else value.args
    more = {"more": dict(vars(value))} if vars(value) else {}
    return writer.tagged({TAG: "exception", "class": name, "args": list(arguments), **more})


def _read_exception(fields: dict[str, Any]) -> Any:
    kind = _named_class(fields["class"])
    if not issubclass(kind, BaseException):
        raise DataError(f"a value is of the class {fields['class']}, which is no exception here")
    arguments = fields["args"]
    value: Any = kind.__new__(kind, *arguments)
    if hasattr(kind.__init__, "__code__"):
        # The user's own __init__ may take other arguments than it hands on.
        value.args = tuple(arguments)
    else:
        kind.__init__(value, *arguments)
    vars(value).update(fields.get("more", {}))
    return value


def _is_simple(value: object) -> bool:
    if type(value) in (tuple, list):
        return all(map(_is_simple, value))  # type: ignore[call-overload]
    return value is None or type(value) in (bool, int, float, str)


def _read_enum(fields: dict[str, Any]) -> Any:
    kind = _named_class(fields["class"])
    members = getattr(kind, "__members__", {})
    # A combination of flags has a value and no name of its own.
    return members[fields["name"]] if fields["name"] in members else kind(fields["value"])


def _write_numpy(writer: Writer, value: Any) -> str | None:
    kind = value.dtype.kind
    if kind == "M":
        of: object = str(value)
    elif kind == "m":
        of = int(value.view("int64"))
    elif kind in "biufcSU":
        of = value.item()
    else:
        return None
    if type(of) not in (bool, int, float, complex, str, bytes):
        return None  # a long double has more digits than a float
    return writer.tagged({TAG: "numpy", "dtype": value.dtype.str, "of": of})


def _read_numpy(fields: dict[str, Any]) -> Any:
    try:
        import numpy
    except ImportError:
        raise DataError("a value is a number of numpy, which is not installed here") from None
    dtype = numpy.dtype(fields["dtype"])
    if dtype.kind == "m":
        return numpy.int64(fields["of"]).view(dtype)
    return numpy.array(fields["of"], dtype=dtype)[()]


# --- the standard library ------------------------------------------------------------------------


def _write_set(writer: Writer, value: Any) -> str:
    return _of_texts(type(value).__name__, sorted(map(writer.text, value)))


def _of_texts(kind: str, texts: list[str]) -> str:
    return f'{{"{TAG}": "{kind}", "of": [{", ".join(texts)}]}}'


def _of(kind: str, get: Callable[[Any], object]) -> Write:
    return lambda writer, value: writer.tagged({TAG: kind, "of": get(value)})


def _pairs(kind: str) -> Write:
    return _of(kind, lambda value: [[k, v] for k, v in value.items()])


def _write_ordered(writer: Writer, value: Any) -> str | None:
    # State dicts of torch carry a `_metadata` of their own.
    return None if vars(value) else _pairs("ordereddict")(writer, value)


_FACTORIES = {"int": int, "float": float, "str": str, "list": list, "dict": dict, "set": set}


def _write_defaultdict(writer: Writer, value: Any) -> str | None:
    factory = value.default_factory
    name = next((n for n, f in _FACTORIES.items() if f is factory), None)
    if name is None and factory is not None:
        return None
    pairs = [[k, v] for k, v in value.items()]
    return writer.tagged({TAG: "defaultdict", "factory": name, "of": pairs})


def _write_bytes(writer: Writer, value: Any) -> str | None:
    if len(value) > LONGEST_INLINE_BYTES:
        return None
    return writer.tagged({TAG: type(value).__name__, "of": base64.b64encode(value).decode()})


def _write_dated(writer: Writer, value: Any) -> str | None:
    """Write a datetime or a time: the wall clock, and the zone apart from it."""
    wall_clock = value.replace(tzinfo=None).isoformat()
    fields: dict[str, Any] = {TAG: type(value).__name__, "of": wall_clock}
    zone = value.tzinfo
    kind = "" if zone is None else f"{type(zone).__module__}:{type(zone).__qualname__}"
    if kind == "datetime:timezone":
        offset, *name = zone.__getinitargs__()
        fields["zone"] = [offset.days, offset.seconds, offset.microseconds, *name]
    elif kind.startswith("zoneinfo:") or kind.endswith("zoneinfo:ZoneInfo"):
        if zone.key is None:
            return None
        fields["zone"] = zone.key
    elif kind:
        return None
    if value.fold:
        fields["fold"] = 1
    return writer.tagged(fields)


def read_dated(fields: dict[str, Any]) -> Any:
    """Return a datetime or a time.

    Raises:
        DataError: its zone is not known on this machine.
    """
    import datetime

    kind = getattr(datetime, fields[TAG])
    zone = fields.get("zone")
    tzinfo: datetime.tzinfo | None = None
    if isinstance(zone, list):
        tzinfo = datetime.timezone(datetime.timedelta(*zone[:3]), *zone[3:])
    elif zone is not None:
        tzinfo = _zone(zone)
    return kind.fromisoformat(fields["of"]).replace(tzinfo=tzinfo, fold=fields.get("fold", 0))


def _zone(key: str) -> Any:
    try:
        import zoneinfo

        return zoneinfo.ZoneInfo(key)
    except (ImportError, KeyError, ValueError, OSError):
        raise DataError(f"the time zone {key} is not known here: install tzdata") from None


def _write_decimal(writer: Writer, value: Any) -> str:
    return writer.tagged({TAG: "decimal", "of": str(value)})


WRITERS: dict[str, Write] = {
    "builtins:set": _write_set,
    "builtins:frozenset": _write_set,
    "builtins:bytes": _write_bytes,
    "builtins:bytearray": _write_bytes,
    "builtins:complex": _of("complex", lambda value: [value.real, value.imag]),
    "builtins:range": _of("range", lambda value: [value.start, value.stop, value.step]),
    "collections:OrderedDict": _write_ordered,
    "collections:Counter": _pairs("counter"),
    "collections:defaultdict": _write_defaultdict,
    "collections:deque": lambda writer, value: writer.tagged(
        {TAG: "deque", "of": list(value), "length": value.maxlen}
    ),
    "datetime:datetime": _write_dated,
    "datetime:time": _write_dated,
    "datetime:date": _of("date", lambda value: value.isoformat()),
    "datetime:timedelta": _of("timedelta", lambda v: [v.days, v.seconds, v.microseconds]),
    "decimal:Decimal": _write_decimal,
    "fractions:Fraction": _of("fraction", lambda value: [value.numerator, value.denominator]),
    "uuid:UUID": _of("uuid", str),
    "headrace.runtime.opaque:Opaque": lambda writer, value: writer.tagged(value.fields),
}
"""What writes the values of a class, by `module:name`."""


def read_str(fields: dict[str, Any]) -> str:
    """Return a text that was written in pieces."""
    return "".join(fields["of"])


def read_bytes(fields: dict[str, Any]) -> bytes:
    """Return bytes from their base 64."""
    return base64.b64decode(fields["of"], validate=True)


def _standard(module: str, name: str) -> Callable[[dict[str, Any]], Any]:
    """Return what reads `of` with a class of the standard library."""

    def read(fields: dict[str, Any]) -> Any:
        __import__(module)
        of = fields["of"]
        kind = getattr(sys.modules[module], name)
        return kind(*of) if name in _SPREAD else kind(of)

    return read


_SPREAD = frozenset({"timedelta", "Fraction"})


def _read_date(fields: dict[str, Any]) -> Any:
    import datetime

    return datetime.date.fromisoformat(fields["of"])


def _read_defaultdict(fields: dict[str, Any]) -> Any:
    import collections

    factory = None if fields["factory"] is None else _FACTORIES[fields["factory"]]
    return collections.defaultdict(factory, fields["of"])


def _read_counter(fields: dict[str, Any]) -> Any:
    import collections

    counter: collections.Counter[Any] = collections.Counter()
    counter.update(dict(fields["of"]))
    return counter


def _read_deque(fields: dict[str, Any]) -> Any:
    import collections

    return collections.deque(fields["of"], fields["length"])


READERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "str": read_str,
    "tuple": lambda fields: tuple(fields["of"]),
    "dict": lambda fields: dict(fields["of"]),
    "ordereddict": _standard("collections", "OrderedDict"),
    "counter": _read_counter,
    "defaultdict": _read_defaultdict,
    "deque": _read_deque,
    "set": lambda fields: set(fields["of"]),
    "frozenset": lambda fields: frozenset(fields["of"]),
    "bytes": read_bytes,
    "bytearray": lambda fields: bytearray(read_bytes(fields)),
    "complex": lambda fields: complex(*fields["of"]),
    "range": lambda fields: range(*fields["of"]),
    "datetime": read_dated,
    "time": read_dated,
    "date": _read_date,
    "timedelta": _standard("datetime", "timedelta"),
    "decimal": _standard("decimal", "Decimal"),
    "fraction": _standard("fractions", "Fraction"),
    "uuid": _standard("uuid", "UUID"),
    "namedtuple": _read_namedtuple,
    "dataclass": _read_dataclass,
    "enum": _read_enum,
    "exception": _read_exception,
    "numpy": _read_numpy,
}
"""What makes a value of each kind of object."""


def read_tagged(fields: dict[str, Any]) -> Any:
    """Return the value of an object with the key `!`, whose parts are read already.

    Raises:
        DataError: the object is none that `encode` writes, or its class is not here.
    """
    reader = READERS.get(fields[TAG]) if isinstance(fields[TAG], str) else None
    if reader is None:
        raise DataError(
            f"unknown kind of value {fields[TAG]!r}; to pass an object with a key {TAG!r}, "
            f'write {{"{TAG}": "dict", "of": [[key, value], ...]}}'
        )
    return reader(fields)
