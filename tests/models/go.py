"""How Go writes values as text, where that differs from Python."""

import json
import math
import re
from typing import Any

_ESCAPED = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r"} | {
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
    '"': '\\"',
}
_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def quoted(text: str) -> str:
    """Return `text` as `strconv.Quote` has it, without the quotes around it."""
    return re.sub(r"[^ !#-\[\]-~]", lambda match: _quoted(match[0]), text)


def _quoted(character: str) -> str:
    if character in _ESCAPED:
        return _ESCAPED[character]
    number = ord(character)
    if number < 0x20 or number == 0x7F:
        return f"\\x{number:02x}"
    if character.isprintable():
        return character
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def json_text(value: Any) -> str:
    """Return what `json.Marshal` makes of a value that `json.Unmarshal` gave: numbers are doubles.

    Keys are sorted, and the characters of HTML are escaped.
    """
    match value:
        case None | bool():
            return json.dumps(value)
        case int() | float():
            return number_text(value)
        case str():
            text = json.dumps(value, ensure_ascii=False)
            return re.sub("[<>&\u2028\u2029]", lambda match: _HTML[match[0]], text)
        case list():
            return "[" + ",".join(map(json_text, value)) + "]"
        case dict():
            return (
                "{" + ",".join(f"{json_text(k)}:{json_text(value[k])}" for k in sorted(value)) + "}"
            )
    raise TypeError(value)


def number_text(value: int | float) -> str:
    """Return a number as `encoding/json` has it."""
    if isinstance(value, int):
        return str(value)
    if math.isnan(value) or math.isinf(value):
        raise ValueError(f"json: unsupported value: {value}")
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        text = format(_decimal(value), "f")
        return text
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent):+03d}".replace("e-0", "e-").replace(
        "e+0", "e+"
    )


def _decimal(value: float) -> Any:
    from decimal import Decimal

    exact = Decimal(repr(value))
    return exact.quantize(1) if exact == exact.to_integral_value() else exact


def decoded(text: str) -> Any:
    """Return what `json.Unmarshal` makes of `text` where no type is asked for.

    Raises:
        ValueError: it is not JSON.
    """
    return json.loads(text, parse_int=float, parse_constant=_no_constant)


def _no_constant(text: str) -> Any:
    raise ValueError(f"invalid character {text[0]!r} looking for beginning of value")


def sprint(value: Any) -> str:
    """Return what `fmt.Sprintf("%v", value)` makes of an expression's result."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            text = number_text(value)
            return text if abs(value) < 1e21 and len(text.lstrip("-")) < 22 else repr(value)
        case list():
            return "[" + " ".join(map(sprint, value)) + "]"
        case dict():
            return "map[" + " ".join(f"{k}:{sprint(value[k])}" for k in sorted(value)) + "]"
    return "<nil>"


_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")


def elements(text: str) -> list[str]:
    """Return the JSON of each element of a list, as it is written."""
    return [value for (value,) in _parts(text, 1)]


def entries(text: str) -> list[tuple[str, ...]]:
    """Return the JSON of each key and value of a map, as they are written."""
    return _parts(text, 2)


def _parts(text: str, each: int) -> list[tuple[str, ...]]:
    found: list[str] = []
    position = _after_space(text, text.index("[" if each == 1 else "{") + 1)
    while text[position] not in "]}":
        _, end = _DECODER.raw_decode(text, position)
        found.append(text[position:end])
        position = _after_space(text, end)
        if text[position] in ",:":
            position = _after_space(text, position + 1)
    return list(zip(*[iter(found)] * each, strict=True))


def _after_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None
    return match.end()
