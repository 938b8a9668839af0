"""The text of values: how they travel between steps, whatever engine carries them.

A value is one ASCII JSON text. `{` and `$` stand in its strings as escapes, so that no template
engine finds `{{`, `{%`, `{#`, `$(` or `$$` anywhere. What JSON has no word for is an object whose
first key is `!`, which says what it is. What engines move is a *marked* text, which no engine can
take for JSON of its own:

- `=` and JSON: one value;
- `*` and a JSON list of marked texts: a list that an engine gathered.

A text without a mark is JSON as people write it. Everything that reads texts here takes all three.
"""

from __future__ import annotations

import json
import re
import sys

from headrace.runtime.errors import DataError, ManifestError
from headrace.runtime.wire_types import TAG as TAG
from headrace.runtime.wire_types import WRITERS, read_tagged, write_by_class

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType
    from typing import Any, Protocol

    class Keeper(Protocol):
        """Keeps what is too large, or no text at all: `headrace.runtime.codecs.Artifacts`."""

        def save(self, value: object) -> dict[str, Any]:
            """Keep `value` and return what to write for it."""

        def load(self, reference: dict[str, Any]) -> object:
            """Return the value that `reference` stands for."""

        def save_text(self, text: str) -> dict[str, Any]:
            """Keep the JSON `text` and return what to write for it."""

        def load_text(self, reference: dict[str, Any]) -> str:
            """Return the JSON text that `reference` stands for."""


VALUE_MARK = "="
LIST_MARK = "*"

_HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_HALVES_SPLIT = re.compile("(?<=[\ud800-\udbff])(?=[\udc00-\udfff])")
_C_KINDS = frozenset({int, float, bool, type(None)})


# --- writing -------------------------------------------------------------------------------------


def encode(value: object, store: Keeper | None = None) -> str:
    """Return the JSON of `value`; `store` keeps the parts that JSON cannot hold.

    Raises:
        DataError: a part of the value cannot travel, or the value contains itself.
        ManifestError: a part needs a store and there is none.
    """
    with _AnyInt():
        try:
            return _Writer(store).text(value)
        except RecursionError:
            raise DataError("the value contains itself, or is nested too deeply") from None


def mark(text: str) -> str:
    """Return the marked form of the JSON `text`."""
    return VALUE_MARK + text


def encode_marked_list(texts: Iterable[str]) -> str:
    """Return a JSON list of marked texts: what an engine reads to run once for each element."""
    return "[" + ", ".join(map(_string, texts)) + "]"


def reference_text(fields: dict[str, Any]) -> str:
    """Return the JSON of what a store gave to stand for a value."""
    return _Writer(None).tagged(fields)


def encode_texts(texts: dict[str, str]) -> str:
    """Return a JSON object whose values are texts as they stand."""
    return "{" + ", ".join(f"{_string(k)}: {_string(v)}" for k, v in texts.items()) + "}"


class _Writer:
    """Writes one value; its methods are what `wire_types` needs to write the parts of a value."""

    def __init__(self, store: Keeper | None) -> None:
        self._store = store

    def text(self, value: object) -> str:
        """Return the JSON of `value`."""
        kind = type(value)
        plain = _PLAIN.get(kind)
        if plain is not None:
            return plain(self, value)
        write = WRITERS.get(f"{kind.__module__}:{kind.__qualname__}") or write_by_class(value)
        text = write(self, value) if write else None
        return text if text is not None else self.tagged(self._kept(value))

    def tagged(self, fields: dict[str, Any]) -> str:
        """Return the JSON of an object that starts with the key `!`, its values encoded."""
        parts = (f"{_string(key)}: {self.text(value)}" for key, value in fields.items())
        return "{" + ", ".join(parts) + "}"

    def pairs(self, kind: str, items: Iterable[tuple[object, object]], **more: object) -> str:
        """Return the JSON of an object of `kind` that holds pairs of keys and values."""
        return self.tagged({TAG: kind, "of": [[k, v] for k, v in items], **more})

    def _kept(self, value: object) -> dict[str, Any]:
        if self._store is None:
            raise ManifestError(
                f"a value of type {_type_name(value)} is an artifact and needs a store: "
                "set `store` in the configuration, or HEADRACE_STORE"
            )
        return self._store.save(value)


def _type_name(value: object) -> str:
    kind = type(value)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return module + kind.__qualname__


def _string(text: str) -> str:
    escaped = json.encoder.encode_basestring_ascii(text)
    return escaped.replace("{", "\\u007b").replace("$", "\\u0024").replace("\x7f", "\\u007f")


def _write_str(_: _Writer, value: Any) -> str:
    if not value.isascii() and _HALVES.search(value):
        # JSON would join two lone halves of a surrogate pair to one character.
        pieces = ", ".join(map(_string, _HALVES_SPLIT.split(value)))
        return f'{{"{TAG}": "str", "of": [{pieces}]}}'
    return _string(value)


def _write_list(writer: _Writer, value: Any) -> str:
    kinds = set(map(type, value))
    if kinds <= _C_KINDS:
        return json.dumps(value)
    if kinds == {str}:
        return "[" + ", ".join([_write_str(writer, item) for item in value]) + "]"
    return "[" + ", ".join([writer.text(item) for item in value]) + "]"


def _write_dict(writer: _Writer, value: Any) -> str:
    if any(type(key) is not str or key == TAG or _HALVES.search(key) for key in value):
        return writer.pairs("dict", value.items())
    return "{" + ", ".join([f"{_string(k)}: {writer.text(v)}" for k, v in value.items()]) + "}"


def _write_json(_: _Writer, value: Any) -> str:
    return json.dumps(value)


_PLAIN: dict[type, Callable[[_Writer, Any], str]] = {
    str: _write_str,
    int: _write_json,
    float: _write_json,
    bool: _write_json,
    type(None): _write_json,
    list: _write_list,
    dict: _write_dict,
    tuple: lambda writer, value: f'{{"{TAG}": "tuple", "of": {_write_list(writer, value)}}}',
}


# --- reading -------------------------------------------------------------------------------------


def decode(text: str, store: Keeper | None = None) -> Any:
    """Return the value of `text`, marked or not.

    Classes of the user are imported, and artifacts taken from `store`.

    Raises:
        DataError: the text is not what `encode` or a person would write, or something that it
            refers to is absent or damaged.
        ManifestError: the text refers to a store and there is none.
    """
    if text[:1] == LIST_MARK:
        return [decode(element, store) for element in _marked_elements(text)]

    def read(fields: dict[str, Any]) -> Any:
        kind = fields.get(TAG)
        if kind is None:
            return fields
        if kind == "artifact":
            return _present(store).load(fields)
        if kind == "stored":
            return decode(_present(store).load_text(fields), store)
        return read_tagged(fields)

    return _loads(text, read)


def split_items(text: str) -> list[str]:
    """Return the elements of the list (or tuple) in `text` as marked texts, exactly.

    `text` is a value, marked or not. An output whose role is `items` is already a list of marked
    texts: put `LIST_MARK` before it.

    Raises:
        DataError: the text is not one of an iterable value.
    """
    if text[:1] == LIST_MARK:
        return _marked_elements(text)
    raw = _loads(text, None)
    if isinstance(raw, dict) and raw.get(TAG) == "tuple":
        raw = raw.get("of")
    if isinstance(raw, list):
        with _AnyInt():
            return [mark(_raw_text(element)) for element in raw]
    value = decode(text)
    try:
        return [mark(encode(element)) for element in value]
    except TypeError:
        raise DataError(f"cannot run once for each element of {shortened(text)}") from None


def bare(text: str, store: Keeper | None = None) -> str:
    """Return `text` as one JSON text without marks; what was put into `store` stands there again.

    Artifacts stay references, and so do long values where no `store` is given.

    Raises:
        DataError: as for `decode`.
    """
    if text[:1] == LIST_MARK:
        return "[" + ", ".join(bare(element, store) for element in _marked_elements(text)) + "]"
    raw = _loads(text, None)
    if isinstance(raw, dict) and raw.get(TAG) == "stored" and store is not None:
        return bare(store.load_text(raw), store)
    return text[1:] if text[:1] == VALUE_MARK else text


def plain(
    text: str,
    store: Keeper | None = None,
    place: Callable[[dict[str, Any]], str] | None = None,
) -> Any:
    """Return the value of `text` as JSON has it, for people and other programs.

    Tuples, sets and named tuples become lists, dataclasses objects, enumeration members and numpy
    scalars their values, dates ISO 8601 texts, other numbers texts, bytes and artifacts a small
    object that describes them; `place` tells the path where the artifact of such a reference can
    be opened. Nothing of the user's is imported.

    Raises:
        DataError: as for `decode`.
    """
    from headrace.runtime.wire_plain import plain_of

    def placed(fields: dict[str, Any]) -> Any:
        shown = plain_of(fields)
        if place is not None and fields.get(TAG) == "artifact":
            shown["path"] = place(fields)
        return shown

    return _loads(bare(text, store), placed)


def shortened(text: str) -> str:
    """Return the repr of `text`, cut for a message."""
    return repr(text) if len(text) <= 60 else repr(text[:57]) + "..."


def _loads(text: str, hook: Callable[[dict[str, Any]], Any] | None) -> Any:
    if not text:
        raise DataError("a value is empty: the step that should have given it did not")
    body = text[1:] if text[0] == VALUE_MARK else text
    with _AnyInt():
        try:
            return json.loads(body, object_hook=hook)
        except json.JSONDecodeError as error:
            raise DataError(
                f"{shortened(text)} is not JSON ({error.msg}); a text needs double quotes"
            ) from None
        except RecursionError:
            raise DataError("a value is nested too deeply") from None
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"cannot read {shortened(text)}: {error!r}") from error


def _marked_elements(text: str) -> list[str]:
    elements = _loads(text[1:], None)
    if not isinstance(elements, list) or not all(
        isinstance(e, str) and e[:1] in (VALUE_MARK, LIST_MARK) and len(e) > 1 for e in elements
    ):
        raise DataError(f"{shortened(text)} is not a list of marked texts")
    return elements


def _raw_text(value: Any) -> str:
    """Return the JSON of what JSON gave, tags left as they stand."""
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(_raw_text, value)) + "]"
    if isinstance(value, dict):
        parts = (f"{_string(key)}: {_raw_text(item)}" for key, item in value.items())
        return "{" + ", ".join(parts) + "}"
    return json.dumps(value)


def _present(store: Keeper | None) -> Keeper:
    if store is None:
        raise ManifestError(
            "a value is in a store and none is set: set `store` in the configuration, "
            "or HEADRACE_STORE"
        )
    return store


class _AnyInt:
    """Lifts the limit on the digits of an integer, which some Python versions have."""

    def __enter__(self) -> None:
        self._limit = sys.get_int_max_str_digits() if hasattr(sys, "set_int_max_str_digits") else 0
        if self._limit:
            sys.set_int_max_str_digits(0)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._limit:
            sys.set_int_max_str_digits(self._limit)
