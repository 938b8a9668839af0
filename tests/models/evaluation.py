"""The values of Argo's expressions."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from models import go
from models.errors import Unsupported
from models.expressions import (
    FUNCTIONS,
    Array,
    Binary,
    Call,
    Chain,
    Conditional,
    Constant,
    ExpressionError,
    Member,
    Name,
    Pointer,
    Slice,
    Tree,
    Unary,
    parsed,
)

Environment: TypeAlias = Mapping[str, Any]
"""Nested maps, as `expanded` makes them."""


class _Nil(Exception):
    """An optional member of nil, which ends its chain."""


def evaluated(text: str, environment: Environment) -> Any:
    """Return the value of an expression.

    Raises:
        ExpressionError: the engine refuses to compile it, or it fails.
        Unsupported: the model does not have what it uses.
    """
    tree = parsed(text)
    return _Evaluation(environment).value(tree)


def expanded(names: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested maps for names with dots; a name that is the start of another one is dropped.

    So does `Expand` in util/expand/expand.go: with an aggregate of a loop that has one output,
    the text of all outputs is not to be seen.
    """
    nested: dict[str, Any] = {}
    ordered = sorted(names)
    for name, after in zip(ordered, [*ordered[1:], ""], strict=True):
        if after.startswith(f"{name}."):
            continue
        *owners, last = name.split(".")
        place = nested
        for owner in owners:
            place = place.setdefault(owner, {})
        place[last] = names[name]
    return nested


def there(environment: Environment, name: str) -> bool:
    """Whether a dotted name is in the environment; its value may be nil."""
    place: Any = environment
    for part in name.split("."):
        if not isinstance(place, Mapping) or part not in place:
            return False
        place = place[part]
    return True


class _Evaluation:
    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._elements: list[Any] = []

    def value(self, tree: Tree) -> Any:
        match tree:
            case Constant(value):
                return value
            case Name(name):
                return self._named(name)
            case Pointer():
                return self._elements[-1]
            case Array(items):
                return [self.value(item) for item in items]
            case Member() | Slice() | Chain():
                return self._accessed(tree)
        return self._computed(tree)

    def _accessed(self, tree: Member | Slice | Chain) -> Any:
        match tree:
            case Member(owner, key, optional):
                return _member(self.value(owner), self.value(key), optional)
            case Slice(owner, low, high):
                return self._slice(owner, low, high)
            case Chain(inner):
                try:
                    return self.value(inner)
                except _Nil:
                    return None

    def _computed(self, tree: Call | Unary | Binary | Conditional) -> Any:
        match tree:
            case Call(function, arguments):
                return self._called(function, arguments)
            case Unary(operator, operand):
                return _negated(operator, self.value(operand))
            case Conditional(test, then, otherwise):
                return self.value(then if _boolean(self.value(test)) else otherwise)
            case Binary(operator, left, right):
                return self._binary(operator, left, right)

    def _named(self, name: str) -> Any:
        if name not in self._environment:
            if name in FUNCTIONS:
                raise Unsupported(f"the function {name!r} as a value")
            raise ExpressionError(f"unknown name {name}")
        return self._environment[name]

    def _slice(self, owner: Tree, low: Tree | None, high: Tree | None) -> Any:
        value = self.value(owner)
        if not isinstance(value, str | list):
            raise ExpressionError(f"cannot slice {kind_of(value)}")
        start = 0 if low is None else self.value(low)
        end = len(value) if high is None else self.value(high)
        return value[start:end]

    def _binary(self, operator: str, left: Tree, right: Tree) -> Any:
        first = self.value(left)
        match operator:
            case "&&" | "and":
                return _boolean(first) and _boolean(self.value(right))
            case "||" | "or":
                return _boolean(first) or _boolean(self.value(right))
            case "??":
                return self.value(right) if first is None else first
        return _operated(operator, first, self.value(right))

    def _called(self, function: str, arguments: tuple[Tree, ...]) -> Any:
        if function == "map":
            return self._mapped(*arguments)
        return _FUNCTIONS[function](*map(self.value, arguments))

    def _mapped(self, over: Tree, predicate: Tree) -> list[Any]:
        values = self.value(over)
        if not isinstance(values, list):
            raise ExpressionError(f"cannot map over {kind_of(values)}")
        found = []
        for element in values:
            self._elements.append(element)
            found.append(self.value(predicate))
            self._elements.pop()
        return found


def _member(owner: Any, key: Any, optional: bool) -> Any:
    if owner is None:
        if optional:
            raise _Nil
        raise ExpressionError(f"cannot fetch {key} from <nil>")
    if isinstance(owner, Mapping):
        return owner.get(key)
    if isinstance(owner, str | list):
        if not isinstance(key, int):
            raise ExpressionError(f"invalid operation: int({kind_of(key)})")
        if not -len(owner) <= key < len(owner):
            raise ExpressionError(f"index out of range: {key} (array length is {len(owner)})")
        return owner[key]
    raise ExpressionError(f"cannot fetch {key} from {kind_of(owner)}")


def kind_of(value: Any) -> str:
    """Return the name of a value's type, as `type()` gives it."""
    match value:
        case None:
            return "nil"
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float"
        case str():
            return "string"
        case list():
            return "array"
    return "map"


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ExpressionError(f"interface conversion: interface {{}} is {kind_of(value)}, not bool")
    return value


def _negated(operator: str, value: Any) -> Any:
    if operator == "not":
        return not _boolean(value)
    if kind_of(value) not in ("int", "float"):
        raise ExpressionError(f"invalid operation: - {kind_of(value)}")
    return -value


def _operated(operator: str, left: Any, right: Any) -> Any:
    kinds = {kind_of(left), kind_of(right)}
    match operator:
        case "==" | "!=":
            same = left == right and (kinds <= {"int", "float"} or len(kinds) == 1)
            return same is (operator == "==")
        case "in":
            if not isinstance(right, list | Mapping):
                raise ExpressionError(f'operator "in" not defined on {kind_of(right)}')
            return any(_operated("==", left, each) for each in right)
    if not (kinds <= {"int", "float"} or (kinds == {"string"} and operator in "+<=>=")):
        raise ExpressionError(f"invalid operation: {kind_of(left)} {operator} {kind_of(right)}")
    if operator not in _ARITHMETIC:
        raise Unsupported(f"the operator {operator!r} in an expression")
    return _ARITHMETIC[operator](left, right)


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
}


# --- functions -----------------------------------------------------------------------------------


def _int(value: Any) -> int:
    is_whole = not isinstance(value, str) or re.fullmatch(r"[+-]?\d+", value)
    if kind_of(value) not in ("int", "float", "string") or not is_whole:
        raise ExpressionError(f"invalid operation: int({value})")
    return int(value)


def _float(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ExpressionError(f"invalid operation: float({value})") from None


def _length(value: Any) -> int:
    if not isinstance(value, str | list | Mapping):
        raise ExpressionError(f"invalid argument for len (type {kind_of(value)})")
    return len(value)


def _joined(values: Any, between: str = "") -> str:
    if not isinstance(values, list):
        raise ExpressionError(f"interface conversion: interface {{}} is {_go_type(values)}")
    for value in values:
        if not isinstance(value, str):
            raise ExpressionError(
                f"interface conversion: interface {{}} is {_go_type(value)}, not string"
            )
    return between.join(values)


def _go_type(value: Any) -> str:
    names = {"map": "map[string]interface {}", "array": "[]interface {}", "float": "float64"}
    return names.get(kind_of(value), kind_of(value))


def _from_json(text: Any) -> Any:
    if not isinstance(text, str):
        raise ExpressionError(
            f"cannot use {_go_type(text)} as argument (type string) to call fromJSON"
        )
    try:
        return go.decoded(text)
    except ValueError as error:
        raise ExpressionError(str(error)) from None


def _json_path(text: str, at: str) -> Any:
    match = re.fullmatch(r"\$\[(\d+)\]", at)
    if match is None:
        raise Unsupported(f"the path {at!r} of jsonpath")
    return _member(_from_json(text), int(match[1]), optional=False)


def _fail(message: str) -> Any:
    raise ExpressionError(message)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "asFloat": _float,
    "asInt": _int,
    "float": _float,
    "fromJSON": _from_json,
    "int": _int,
    "join": _joined,
    "jsonpath": _json_path,
    "len": _length,
    "sprig.fail": _fail,
    "string": go.sprint,
    "toJSON": go.json_text,
    "toJson": go.json_text,
    "type": kind_of,
}
