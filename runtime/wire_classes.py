"""How values of the user's own classes travel, and those of numpy: by the name of their class."""

from __future__ import annotations

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


def read_dataclass(fields: dict[str, Any]) -> Any:
    """Return the object of a dataclass, with the attributes that it had."""
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


def read_namedtuple(fields: dict[str, Any]) -> Any:
    """Return the named tuple.

    Raises:
        DataError: its class has other fields here.
    """
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


def read_exception(fields: dict[str, Any]) -> Any:
    """Return the exception.

    Raises:
        DataError: its class is none of an exception here.
    """
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


def read_enum(fields: dict[str, Any]) -> Any:
    """Return the member of an enum.

    Raises:
        DataError: there is no such member here.
    """
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


def read_numpy(fields: dict[str, Any]) -> Any:
    """Return the scalar of numpy.

    Raises:
        DataError: numpy is not installed here.
    """
    try:
        import numpy
    except ImportError:
        raise DataError("a value is a number of numpy, which is not installed here") from None
    dtype = numpy.dtype(fields["dtype"])
    if dtype.kind == "m":
        return numpy.int64(fields["of"]).view(dtype)
    return numpy.array(fields["of"], dtype=dtype)[()]
