"""The wire format: how values travel between steps, as text that no engine reads as its own.

A value is one JSON text in ASCII. Within its strings `{`, `$` and DEL are written as `\\u007b`,
`\\u0024` and `\\u007f`, so that `{{`, `{%`, `{#`, `$(` and `$$` never stand in it: Argo evaluates
expressions inside data, Airflow renders Jinja in arguments, Kubernetes expands `$(VAR)`.
Numbers keep their kind and all their digits. What JSON lacks is an object with a first key `!`.

What engines move is a marked text, which begins with a character that no JSON begins with, so that
no engine takes it apart: `=` and a value's JSON, or `*` and a JSON list of marked texts.
"""

import json
from collections.abc import Callable
from typing import Any, Optional, Protocol

TAG = "!"
"""The key of an object that stands for something JSON lacks."""


class BadValue(Exception):
    """A text that is no value, or a value that has no text. The message is for users."""


class Artifacts(Protocol):
    """Where the values go that do not travel as text (`headrace.runtime.codecs`)."""

    def save(self, value: object) -> dict[str, Any]:
        """Store `value`, and return the reference that stands for it."""

    def load(self, reference: dict[str, Any]) -> object:
        """Return the value that `reference` stands for."""


def _safe(text: str) -> str:
    """Escape the signs of template engines; outside of strings JSON has only `{` of these."""
    if "{" not in text and "$" not in text and "\x7f" not in text:
        return text
    out, in_string, escaped = [], False, False
    for character in text:
        if in_string and not escaped and character in "{$\x7f":
            out.append(f"\\u{ord(character):04x}")
        else:
            out.append(character)
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = in_string
        elif character == '"':
            in_string = not in_string
    return "".join(out)


def encode(value: object, artifacts: Optional[Artifacts] = None) -> str:
    """Return the JSON text of `value`; what no text can hold goes to `artifacts`.

    Raises:
        BadValue: the value needs a store and `artifacts` is None, or it holds itself.
    """
    try:
        tree = _Encoder(artifacts).tree(value)
        return _safe(json.dumps(tree, ensure_ascii=True))
    except RecursionError:
        raise BadValue("the value holds itself, or is nested too deeply") from None


def mark(text: str) -> str:
    """Return the marked form of the JSON in `text`."""
    return "=" + text


def decode(text: str, artifacts: Optional[Artifacts] = None) -> Any:
    """Return the value of a marked or a bare text.

    Raises:
        BadValue: the text is no value, or it refers to a store and `artifacts` is None.
    """
    return _Decoder(artifacts).value(parse(text))


def parse(text: str) -> Any:
    """Return the JSON tree of a marked or a bare text; a gathered list is a list of trees.

    Raises:
        BadValue: the text is not of this format.
    """
    if text.startswith("*"):
        parts = _loads(text[1:])
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
            raise BadValue("a gathered list must be a list of texts: %.80r" % text)
        return [parse(part) for part in parts]
    return _loads(text[1:] if text.startswith("=") else text)


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise BadValue("not the JSON of a value: %.80r" % text) from None


def split_items(text: str) -> "list[str]":
    """Return the marked texts of the elements of the list, tuple or gathered list in `text`.

    Raises:
        BadValue: the text is no list.
    """
    tree = parse(text)
    if isinstance(tree, dict) and tree.get(TAG) == "tuple":
        tree = tree["of"]
    if not isinstance(tree, list):
        raise BadValue("not a list: %.80r" % text)
    return [mark(_safe(json.dumps(element))) for element in tree]


# --- trees -----------------------------------------------------------------------------------------


class _Encoder:
    def __init__(self, artifacts: Optional[Artifacts]) -> None:
        self._artifacts = artifacts

    def tree(self, value: Any) -> Any:
        kind = type(value)
        if value is None or kind in (bool, int, float, str):
            return value
        if kind is list:
            return [self.tree(element) for element in value]
        if kind is tuple:
            return {TAG: "tuple", "of": [self.tree(element) for element in value]}
        if kind is dict:
            return self._dict(value)
        if kind in (set, frozenset):
            return {TAG: kind.__name__, "of": sorted(map(self.tree, value), key=json.dumps)}
        named = _OTHER_KINDS.get((kind.__module__, kind.__qualname__))
        if named is not None:
            return named(self, value)
        return self._structure(value)

    def _dict(self, value: "dict[Any, Any]") -> Any:
        if all(type(key) is str for key in value) and TAG not in value:
            return {key: self.tree(element) for key, element in value.items()}
        return {TAG: "dict", "of": self._pairs(value)}

    def _pairs(self, value: "dict[Any, Any]") -> "list[Any]":
        return [[self.tree(key), self.tree(element)] for key, element in value.items()]

    def _structure(self, value: Any) -> Any:
        kind = type(value)
        name = f"{kind.__module__}:{kind.__qualname__}"
        if "<locals>" not in name:
            if isinstance(value, tuple) and hasattr(kind, "_fields"):
                fields = dict(zip(kind._fields, value))
                return {TAG: "namedtuple", "class": name, "of": self._fields(fields)}
            if hasattr(kind, "__dataclass_fields__"):
                fields = {f: getattr(value, f) for f in kind.__dataclass_fields__ if hasattr(value, f)}
                return {TAG: "dataclass", "class": name, "of": self._fields(fields)}
            if _is_enum(kind):
                return {TAG: "enum", "class": name, "name": value.name, "value": self.tree(value.value)}
        if kind.__module__ == "numpy" and hasattr(value, "item") and not hasattr(value, "__len__"):
            plain = value.item()
            if type(plain) in (bool, int, float):
                return {TAG: "numpy", "dtype": str(value.dtype), "of": plain}
        if self._artifacts is None:
            raise BadValue(f"a {kind.__qualname__} cannot travel as text: it needs a store")
        return self._artifacts.save(value)

    def _fields(self, fields: "dict[str, Any]") -> "dict[str, Any]":
        return {name: self.tree(element) for name, element in fields.items()}


def _is_enum(kind: type) -> bool:
    return any(base.__module__ == "enum" and base.__name__ == "Enum" for base in kind.__mro__)


def _text_of(name: str, write: "Callable[[Any], Any]") -> "Callable[[_Encoder, Any], Any]":
    return lambda encoder, value: {TAG: name, "of": write(value)}


_OTHER_KINDS: "dict[tuple[str, str], Callable[[_Encoder, Any], Any]]" = {
    ("collections", "OrderedDict"): lambda encoder, value: {
        TAG: "ordereddict",
        "of": encoder._pairs(value),
    },
    ("builtins", "complex"): _text_of("complex", lambda value: [value.real, value.imag]),
    ("decimal", "Decimal"): _text_of("decimal", str),
    ("datetime", "datetime"): _text_of("datetime", lambda value: value.isoformat()),
    ("datetime", "date"): _text_of("date", lambda value: value.isoformat()),
    ("datetime", "time"): _text_of("time", lambda value: value.isoformat()),
    ("datetime", "timedelta"): _text_of(
        "timedelta", lambda value: [value.days, value.seconds, value.microseconds]
    ),
}


class _Decoder:
    def __init__(self, artifacts: Optional[Artifacts]) -> None:
        self._artifacts = artifacts

    def value(self, tree: Any) -> Any:
        if isinstance(tree, list):
            return [self.value(element) for element in tree]
        if not isinstance(tree, dict):
            return tree
        if TAG not in tree:
            return {key: self.value(element) for key, element in tree.items()}
        try:
            return self._tagged(str(tree[TAG]), tree)
        except (KeyError, TypeError, AttributeError, ImportError) as error:
            raise BadValue(f"cannot make the value of {tree!r:.120}: {error}") from error

    def _tagged(self, kind: str, tree: "dict[str, Any]") -> Any:
        if kind in ("artifact", "stored"):
            if self._artifacts is None:
                raise BadValue("the value is an artifact, and there is no store to read it from")
            return self._artifacts.load(tree)
        if kind == "enum":
            return _class(tree["class"])[tree["name"]]
        of = tree["of"]
        if kind in ("namedtuple", "dataclass"):
            return self._object(kind, tree)
        if kind in ("tuple", "set", "frozenset"):
            make = {"tuple": tuple, "set": set, "frozenset": frozenset}[kind]
            return make(map(self.value, of))
        if kind in ("dict", "ordereddict"):
            pairs = [(self.value(key), self.value(element)) for key, element in of]
            if kind == "dict":
                return dict(pairs)
            from collections import OrderedDict

            return OrderedDict(pairs)
        if kind == "numpy":
            import numpy

            return numpy.dtype(tree["dtype"]).type(of)
        return _scalar(kind, of)

    def _object(self, kind: str, tree: "dict[str, Any]") -> Any:
        cls = _class(tree["class"])
        fields = {name: self.value(element) for name, element in tree["of"].items()}
        if kind == "namedtuple":
            return cls(**fields)
        made = object.__new__(cls)
        for name, element in fields.items():
            object.__setattr__(made, name, element)
        return made


def _scalar(kind: str, of: Any) -> Any:
    if kind == "complex":
        return complex(*of)
    if kind == "decimal":
        from decimal import Decimal

        return Decimal(of)
    import datetime

    if kind == "timedelta":
        return datetime.timedelta(*of)
    if kind in ("datetime", "date", "time"):
        return getattr(datetime, kind).fromisoformat(of)
    raise BadValue(f"unknown kind of value: {kind}")


def _class(name: str) -> Any:
    from importlib import import_module

    module, _, qualified_name = name.partition(":")
    found: Any = import_module(module)
    for part in qualified_name.split("."):
        found = getattr(found, part)
    return found


# --- for people --------------------------------------------------------------------------------------


def plain(text: str) -> Any:
    """Return what `json.dumps` can write of the value in `text`, without importing its classes.

    Tuples and sets are lists, dataclasses objects, named tuples lists, enums their values, dates
    and decimals texts; an artifact is an object with its name, digest and size.
    """
    return _plain(parse(text))


def _plain(tree: Any) -> Any:
    if isinstance(tree, list):
        return [_plain(element) for element in tree]
    if not isinstance(tree, dict):
        return tree
    if TAG not in tree:
        return {key: _plain(element) for key, element in tree.items()}
    kind = tree[TAG]
    if kind == "enum":
        return _plain(tree["value"])
    if kind == "namedtuple":
        return [_plain(element) for element in tree["of"].values()]
    if kind == "dataclass":
        return {name: _plain(element) for name, element in tree["of"].items()}
    if kind in ("dict", "ordereddict"):
        return {_plain_key(key): _plain(element) for key, element in tree["of"]}
    if kind in ("artifact", "stored"):
        return {name: tree[name] for name in ("name", "digest", "size") if name in tree}
    return _plain(tree["of"])


def _plain_key(tree: Any) -> str:
    key = _plain(tree)
    return key if isinstance(key, str) else json.dumps(key)
