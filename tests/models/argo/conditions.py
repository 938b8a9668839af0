"""The text of `when`, as the library govaluate reads it after Argo has filled in its tags.

A word that is no number, truth value or operator stands for itself, as a text.
"""

import re
from typing import Any

from models.errors import Unsupported


class ConditionError(Exception):
    """The controller finds a condition wrong."""


_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>\d[\d.]*)
    |(?P<word>[^\W\d_][\w.]*)
    |['"](?P<string>(?:[^'"\\]|\\.)*)['"]
    |\[(?P<bracketed>[^\]]*)\]
    |(?P<open>\()
    |(?P<close>\))
    |(?P<symbol>[^\w\s'"()\[\]{}\\,]+)
    )""",
    re.VERBOSE | re.DOTALL,
)
_COMPARATORS = frozenset({"==", "!=", "<", ">", "<=", ">=", "in", "=~", "!~"})


def proceeds(text: str) -> bool:
    """Whether a task with this condition is to run.

    Raises:
        ConditionError: the controller ends it in Error.
    """
    if not text:
        return True
    try:
        value = _Reader(_tokens(text)).whole()
    except ConditionError as error:
        raise ConditionError(f"Invalid 'when' expression '{text}': {error}") from None
    if not isinstance(value, bool):
        raise ConditionError(f"Expected boolean evaluation for '{text}'. Got {value}")
    return value


def _tokens(text: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise ConditionError(_wrong(text[position:].lstrip()))
        found.append(_token(match.lastgroup or "", match[match.lastgroup or ""]))
        position = match.end()
    return found


def _wrong(rest: str) -> str:
    if rest[0] in "'\"":
        return "Unclosed string literal"
    return f"Invalid token: '{rest[0]}' (hint: try wrapping the affected expression in quotes (\"))"


def _token(kind: str, text: str) -> tuple[str, Any]:
    match kind:
        case "number":
            return "value", float(text)
        case "word" if text in ("true", "false"):
            return "value", text == "true"
        case "word" if text.lower() == "in":
            return "operator", "in"
        case "string":
            return "value", re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
        case "word" | "bracketed":
            return "value", text
        case "symbol" if text in _COMPARATORS or text in ("&&", "||", "!"):
            return "operator", text
        case "symbol":
            raise ConditionError(f"Invalid token: '{text}'")
    return kind, text


class _Reader:
    """Evaluates the tokens; each method takes what it reads."""

    def __init__(self, tokens: list[tuple[str, Any]]) -> None:
        self._tokens = [*tokens, ("end", None)]

    def whole(self) -> Any:
        value = self._either()
        if self._tokens[0][0] != "end":
            raise ConditionError(f"Cannot transition token types to {self._tokens[0][1]}")
        return value

    def _taken(self, *texts: str) -> str | None:
        kind, text = self._tokens[0]
        if kind == "operator" and text in texts:
            self._tokens.pop(0)
            return str(text)
        return None

    def _either(self) -> Any:
        value = self._both()
        while self._taken("||"):
            value = self._boolean(value) | self._boolean(self._both())
        return value

    def _both(self) -> Any:
        value = self._compared()
        while self._taken("&&"):
            value = self._boolean(value) & self._boolean(self._compared())
        return value

    def _boolean(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ConditionError(f"Value '{value}' cannot be used with the logical operator")
        return value

    def _compared(self) -> Any:
        left = self._atom()
        operator = self._taken(*_COMPARATORS)
        if operator is None:
            return left
        right = self._atom()
        if operator in ("==", "!="):
            return (type(left) is type(right) and left == right) is (operator == "==")
        if operator in ("in", "=~", "!~") or type(left) is not type(right):
            raise Unsupported(f"{operator!r} between {left!r} and {right!r} in a condition")
        return {"<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}[
            operator
        ]

    def _atom(self) -> Any:
        if self._taken("!"):
            return not self._boolean(self._atom())
        kind, value = self._tokens.pop(0)
        if kind == "value":
            return value
        if kind == "open":
            inner = self._either()
            if self._tokens.pop(0)[0] != "close":
                raise ConditionError("Unbalanced parenthesis")
            return inner
        raise ConditionError(f"Cannot transition token types to {value}")
