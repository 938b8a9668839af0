"""The view that people and other programs get of a value: JSON without any tags of ours."""

from __future__ import annotations

import json

from headrace.runtime.errors import DataError
from headrace.runtime.wire_types import READERS, TAG, read_bytes, read_dated, read_str

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def plain_of(fields: dict[str, Any]) -> Any:
    """Return the plain view of an object whose parts are plain already (`wire.plain`)."""
    kind = fields.get(TAG)
    if kind is None:
        return fields
    view = _VIEWS.get(kind, _VIEWS["="]) if isinstance(kind, str) else _VIEWS["="]
    return view(fields)


def _view_of(fields: dict[str, Any]) -> Any:
    return fields["of"]


def _view_pairs(fields: dict[str, Any]) -> Any:
    return {_view_key(key): value for key, value in fields["of"]}


def _view_key(key: Any) -> Any:
    if key is None or isinstance(key, (str, int, float)):
        return key
    return json.dumps(key)


def _view_read(fields: dict[str, Any]) -> Any:
    return str(READERS[fields[TAG]](fields))


def _view_dated(fields: dict[str, Any]) -> Any:
    try:
        return read_dated(fields).isoformat()
    except DataError:
        return fields["of"]


def _view_described(fields: dict[str, Any]) -> Any:
    shown = {key: value for key, value in fields.items() if key not in (TAG, "codec")}
    return {"kind": fields.get("codec", fields[TAG]), **shown}


def _view_bytes(fields: dict[str, Any]) -> Any:
    size = len(read_bytes(fields))
    return {"kind": fields[TAG], "size": size, "base64": fields["of"]}


_VIEWS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "=": _view_described,
    **dict.fromkeys(["tuple", "set", "frozenset", "deque", "date", "numpy", "dataclass"], _view_of),
    **dict.fromkeys(["dict", "ordereddict", "counter", "defaultdict"], _view_pairs),
    **dict.fromkeys(["complex", "decimal", "fraction", "timedelta", "uuid"], _view_read),
    **dict.fromkeys(["datetime", "time"], _view_dated),
    **dict.fromkeys(["bytes", "bytearray"], _view_bytes),
    "str": read_str,
    "range": lambda fields: list(range(*fields["of"])),
    "namedtuple": lambda fields: list(fields["of"].values()),
    "enum": lambda fields: fields["value"],
}
"""What each kind of object looks like in JSON; `=` stands for those that are only described."""
