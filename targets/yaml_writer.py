"""The one writer of YAML: the same document always gives the same bytes, safe for any reader.

A text stands plain only when YAML 1.1, YAML 1.2 and the parsers of Go all read it as a text;
otherwise it is quoted. Keys keep the order of the document, and lines are never wrapped. A writer
of our own because a manifest may have a million characters, and general ones take seconds for it.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

from headrace.compiler.diagnostics import InternalError

Scalar: TypeAlias = str | int | float | bool | None


class Lines(str):
    """A text of many lines that people read: written as a block, not in ASCII, if YAML can."""


Document: TypeAlias = "Scalar | Mapping[str, Document] | Sequence[Document]"
"""What YAML files of engines are made of."""

_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
"""Lower-cased texts that some reader takes for a boolean, a null or a number."""
_LONGEST_WORD = max(map(len, _WORDS))

# Printable ASCII on one line, without `: `, ` #` and what ends in a colon or a space.
_PLAIN = re.compile(
    r"(?:[A-Za-z_/]|--[A-Za-z]|\.{1,2}/)(?:[!-9;-~]++|:(?! |\Z)| (?!#|\Z))*+"
    # A number with a unit of Kubernetes or of Go, which no reader takes for a number.
    r"|[1-9][0-9]*(?:m|s|h|[KMGT]i?)"
)
_ONE_LINE = re.compile(r"[ -~]*")
_BLOCK = re.compile(r"(?![ \n])(?:[ -~]*(?<! )\n)+[ -~]+(?<! )\n?")
"""Lines of printable ASCII that a literal block shows as they are."""

# Without what ends a line for some reader, and without what YAML cannot hold as it is.
_PRINTED = r"!-~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff"
_LINES = re.compile(rf"(?![ \n\t])(?:[\t {_PRINTED}]*\n)*(?:[\t {_PRINTED}]*[{_PRINTED}])\n?")
"""Lines in any script that a literal block shows as they are."""

_LONGEST_KEY = 1024
"""Characters that a key may have before its colon: https://yaml.org/spec/1.2.2/#742-flow-mappings"""

_ESCAPES = {"\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f"} | {
    "\r": "r",
    "\x1b": "e",
    '"': '"',
    "\\": "\\",
    "\x85": "N",
    "\xa0": "_",
    "\u2028": "L",
    "\u2029": "P",
}
_ESCAPED = re.compile(r'[^ -~]|["\\]')


_LONGEST_ENTRY = 100
"""Characters that a list of one entry may have to stand on the line of its key."""
_FLOW = frozenset(",[]{}")


def to_yaml(document: Document, *more: Document, in_line: Collection[str] = ()) -> str:
    """Return the documents as one YAML text in ASCII, `---` between them.

    A short list of one mapping of texts stands on the line of its key if the key is `in_line`.

    Raises:
        InternalError: a document holds something that is neither a scalar, a mapping with texts
            for keys, nor a sequence.
    """
    writer = _Writer(frozenset(in_line))
    for number, each in enumerate((document, *more)):
        if number:
            writer.parts.append("---\n")
        writer.write("", each, "", "")
    return "".join(writer.parts)


class _Writer:
    """Collects the lines of documents in `parts`."""

    def __init__(self, in_line: frozenset[str]) -> None:
        self.parts: list[str] = []
        self._in_line = in_line
        self._keys: dict[str, str] = {}

    def write(self, head: str, value: object, indent: str, inner: str) -> None:
        """Write `value` after `head`, which begins its line.

        A mapping or a sequence stands on lines of its own, indented by `inner`; `indent` is that of
        the line itself.
        """
        kind = type(value)
        if kind is str:
            text = value if _is_plain(value) else _quoted(value, indent)  # type: ignore[arg-type]
            self.parts.append(f"{head} {text}\n" if head else f"{text}\n")
        elif isinstance(value, Lines):
            text = _block(value, indent) if _LINES.fullmatch(value) else _quoted_line(value)
            self.parts.append(f"{head} {text}\n" if head else f"{text}\n")
        elif kind is dict and value:
            if head:
                self.parts.append(f"{head}\n")
            self._mapping(value, inner, inner)  # type: ignore[arg-type]
        elif kind in (list, tuple) and value:
            if head:
                self.parts.append(f"{head}\n")
            # What is in a sequence of a mapping stands below the key itself.
            self._sequence(value, indent, indent)  # type: ignore[arg-type]
        else:
            text = _plain_scalar(value)
            self.parts.append(f"{head} {text}\n" if head else f"{text}\n")

    def _mapping(self, mapping: Mapping[object, object], first: str, indent: str) -> None:
        """Write the entries, the first of them after `first` and the others after `indent`."""
        inner = f"{indent}  "
        start = first
        for key, value in mapping.items():
            head = start + self._key(key)
            entry = self._entry(value) if key in self._in_line else None
            if entry:
                self.parts.append(f"{head} {entry}\n")
            else:
                self.write(head, value, indent, inner)
            start = indent

    def _entry(self, items: object) -> str | None:
        """Return `items` on one line, if it is a short list of one mapping of texts."""
        if type(items) not in (list, tuple) or len(items) != 1:  # type: ignore[arg-type]
            return None
        item = items[0]  # type: ignore[index]
        if type(item) is not dict or not all(
            type(value) is str and self._key(key) == f"{key}:" and _FLOW.isdisjoint(key)
            for key, value in item.items()
        ):
            return None
        pairs = ", ".join(f"{key}: {_in_flow(text)}" for key, text in item.items())
        return f"[{{{pairs}}}]" if pairs and len(pairs) <= _LONGEST_ENTRY else None

    def _sequence(self, items: Iterable[object], first: str, indent: str) -> None:
        inner = f"{indent}  "
        start = f"{first}- "
        for item in items:
            kind = type(item)
            if kind is dict and item:
                self._mapping(item, start, inner)  # type: ignore[arg-type]
            elif kind in (list, tuple) and item:
                self._sequence(item, start, inner)  # type: ignore[arg-type]
            else:
                self.write(start[:-1], item, indent, inner)
            start = f"{indent}- "

    def _key(self, key: object) -> str:
        """Return `key` with what stands between it and its value."""
        if type(key) is not str:
            raise InternalError(f"not a YAML document: key {key!r} is not a text")
        written = self._keys.get(key)
        if written is None:
            text = key if _is_plain(key) else _quoted_line(key)
            if len(text) > _LONGEST_KEY:
                raise InternalError(f"not a YAML document: key {key[:40]!r}... is too long")
            written = self._keys[key] = f"{text}:"
        return written


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and not (
        len(text) <= _LONGEST_WORD and text.casefold() in _WORDS
    )


def _in_flow(text: str) -> str:
    return text if _is_plain(text) and _FLOW.isdisjoint(text) else _quoted_line(text)


def _quoted(text: str, indent: str) -> str:
    if "\n" in text and _BLOCK.fullmatch(text):
        return _block(text, indent)
    return _quoted_line(text)


def _block(text: str, indent: str) -> str:
    lines = text.removesuffix("\n").split("\n")
    chomp = "" if text.endswith("\n") else "-"
    body = "\n".join(f"{indent}  {line}" if line else "" for line in lines)
    return f"|{chomp}\n{body}"


def _quoted_line(text: str) -> str:
    # Single quotes double the quotes inside; double quotes escape their own and backslashes, and
    # hold what single ones cannot.
    doubled = text.count("'") > text.count('"') + text.count("\\")
    if doubled or not _ONE_LINE.fullmatch(text):
        return f'"{_ESCAPED.sub(_escape, text)}"'
    return f"'{text.replace(chr(39), chr(39) * 2)}'"


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if character in _ESCAPES:
        return f"\\{_ESCAPES[character]}"
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _plain_scalar(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _float(value)
        case {} if type(value) is dict:
            return "{}"
        case [] if type(value) in (list, tuple):
            return "[]"
    raise InternalError(f"not a YAML document: {value!r}")


def _float(value: float) -> str:
    if value != value or value in (float("inf"), -float("inf")):
        return f"{'-' if value < 0 else ''}.{'nan' if value != value else 'inf'}"
    text = repr(value)
    # Readers of YAML 1.1 take a number with an exponent for a float only when it has a point.
    return text if "." in text or "e" not in text else text.replace("e", ".0e", 1)
