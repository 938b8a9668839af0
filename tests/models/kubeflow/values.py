"""The values of Kubeflow: protobuf's, whose numbers are all doubles, and their texts."""

import json
from collections.abc import Callable
from typing import Any, TypeAlias

from models import go
from models.errors import RunStuck
from models.evaluation import evaluated
from models.expressions import ExpressionError

Value: TypeAlias = Any
"""A text, a double, a truth value, a list, a map or nothing."""


def value_of(plain: Any) -> Value:
    """Return what a value of JSON becomes."""
    return json.loads(json.dumps(plain), parse_int=float)


def text_of(value: Value) -> str:
    """Return a value as it stands on a command line."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float():
            if value == 0:
                return "0"
            return go.number_text(value) if 1e-4 <= abs(value) < 1e21 else repr(value)
    return go.json_text(value)


def _whole(text: str) -> float:
    return float(int(text.strip()))


_READERS: dict[str, Callable[[str], Value]] = {
    "STRING": str,
    "NUMBER_INTEGER": _whole,
    "NUMBER_DOUBLE": lambda text: float(text.strip()),
    "BOOLEAN": lambda text: {"true": True, "false": False}[text.strip().lower()],
    "LIST": go.decoded,
    "STRUCT": go.decoded,
}
_KINDS: dict[str, type] = {
    "STRING": str,
    "NUMBER_INTEGER": float,
    "NUMBER_DOUBLE": float,
    "BOOLEAN": bool,
    "LIST": list,
    "STRUCT": dict,
    "TASK_FINAL_STATUS": dict,
}


def written(text: str | None, kind: str, name: str) -> Value:
    """Return the value of an output from its file.

    Raises:
        RunStuck: there is none, or it has another type; the launcher fails.
    """
    if text is None:
        raise RunStuck(f"the output {name!r} is not there")
    try:
        value = _READERS[kind](text)
    except (ValueError, KeyError):
        raise RunStuck(f"{text!r} as the output {name!r}, which is {kind}") from None
    if not isinstance(value, _KINDS[kind]):
        raise RunStuck(f"{text!r} as the output {name!r}, which is {kind}")
    return value


def received(value: Value, kind: str, name: str) -> Value:
    """Return an input as a driver hands it on.

    Raises:
        RunStuck: it has another type.
    """
    if kind == "STRING" and not isinstance(value, str):
        return text_of(value)
    if not isinstance(value, _KINDS[kind]):
        raise RunStuck(f"input parameter {name!r} type mismatch: expect {kind}")
    return value


def is_a(value: Value, kind: str) -> bool:
    """Whether the API takes a value for a parameter of a run."""
    return isinstance(value, _KINDS[kind])


def holds(condition: str, inputs: dict[str, Value]) -> bool:
    """Evaluate a condition: CEL, of which only what is the same in expr is used.

    Raises:
        RunStuck: the driver fails.
    """
    names = {"inputs": {"parameter_values": inputs}}
    try:
        found = evaluated(condition, names)
    except ExpressionError as error:
        raise RunStuck(f"evaluation error: {error}") from None
    if not isinstance(found, bool):
        raise RunStuck(f"evaluation error: {condition} is {found!r}")
    return found
