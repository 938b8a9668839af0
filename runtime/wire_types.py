"""The Python types that travel inside a JSON text although JSON has no word for them.

Types are told apart by the name of their exact class, so that no module is imported for a value
that does not come from it.
"""

from __future__ import annotations

import base64
import sys

from headrace.runtime.errors import DataError
from headrace.runtime.wire_classes import (
    TAG,
    read_dataclass,
    read_enum,
    read_exception,
    read_namedtuple,
    read_numpy,
    write_by_class,
)

__all__ = ["READERS", "TAG", "WRITERS", "read_tagged", "write_by_class"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from headrace.runtime.wire_classes import Write, Writer

LONGEST_INLINE_BYTES = 1024
"""Longer `bytes` are artifacts."""


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
    "namedtuple": read_namedtuple,
    "dataclass": read_dataclass,
    "enum": read_enum,
    "exception": read_exception,
    "numpy": read_numpy,
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
