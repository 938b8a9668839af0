"""The types that built-in functions, and the methods of built-in types, give.

Where they are not certain for every value of the arguments' types, the answer is unknown. Arguments
that make Python raise may get any answer.
"""

import ast
from collections.abc import Callable, Mapping, Sequence

from headrace.compiler.frontend.operations import REAL, binary, members
from headrace.compiler.frontend.parts import behaves_as, item
from headrace.compiler.frontend.types import (
    BOOL,
    FLOAT,
    INT,
    NONE,
    STR,
    UNKNOWN,
    Abstract,
    Bool,
    Complex,
    Dict,
    Float,
    FrozenSet,
    Int,
    List,
    NoneType,
    Record,
    Set,
    Str,
    Tuple,
    TupleOf,
    Type,
    Value,
    element,
    merge,
)


def _named(names: str, gives: Type) -> dict[str, Type]:
    return dict.fromkeys(names.split(), gives)


_OF_STR = {
    **_named("upper lower strip lstrip rstrip replace join format removeprefix removesuffix", STR),
    **_named("title capitalize casefold swapcase zfill center ljust rjust expandtabs", STR),
    **_named("split rsplit splitlines", List(STR)),
    **_named("partition rpartition", Tuple((STR, STR, STR))),
    **_named("startswith endswith isdigit isalpha isalnum isspace isupper islower", BOOL),
    **_named("isnumeric isdecimal isidentifier", BOOL),
    **_named("find rfind index rindex count", INT),
}


def method(of: Type, name: str, arguments: Sequence[Type], constant: object) -> Type:
    """Return what the method `name` gives; `constant` is the first argument where it is one."""
    return merge(_method(one, name, arguments, constant) for one in members(of))


def _method(of: Type, name: str, arguments: Sequence[Type], constant: object) -> Type:
    match of:
        case Str():
            return _OF_STR.get(name, UNKNOWN)
        case Bool() | Int() | Float() if name == "is_integer":
            return BOOL
        case Bool() | Int() if name == "bit_length":
            return INT
        case List() | Tuple() | TupleOf() if name in ("count", "index"):
            return INT
        case List() | Dict() | Set() | FrozenSet() if name == "copy":
            return of
        case Record(kind="typeddict") if name == "get" and arguments:
            there = item(of, constant) if isinstance(constant, str) else None
            return merge([there or UNKNOWN, *(arguments[1:2] or [NONE])])
    plain = behaves_as(of)
    return _of_dict(plain, name, arguments) if isinstance(plain, Dict) else UNKNOWN


def _of_dict(of: Dict, name: str, arguments: Sequence[Type]) -> Type:
    match name:
        case "get":
            return merge([of.value, *(arguments[1:2] or [NONE])])
        case "keys":
            return Abstract("KeysView", of.key)
        case "values":
            return Abstract("ValuesView", of.value)
        case "items":
            return Abstract("ItemsView", Tuple((of.key, of.value)))
    return UNKNOWN


# --- functions -----------------------------------------------------------------------------------


def function(name: str, arguments: Sequence[Type], keywords: Mapping[str, Type]) -> Type:
    """Return what the built-in function `name` gives."""
    if name in _ALWAYS:
        return _ALWAYS[name]
    rule = _FUNCTIONS.get(name)
    return rule(arguments, keywords) if rule else UNKNOWN


_ALWAYS: dict[str, Type] = {
    "len": INT,
    "int": INT,
    "float": FLOAT,
    "bool": BOOL,
    "any": BOOL,
    "all": BOOL,
    "str": STR,
    "repr": STR,
    "format": STR,
    "range": Value("range"),
}


def _first_element(arguments: Sequence[Type]) -> Type:
    return (element(arguments[0]) if arguments else None) or UNKNOWN


def _extreme(arguments: Sequence[Type], keywords: Mapping[str, Type]) -> Type:
    if len(arguments) > 1:
        return merge(arguments)
    default = [keywords["default"]] if "default" in keywords else []
    return merge([_first_element(arguments), *default])


def _sum(arguments: Sequence[Type], keywords: Mapping[str, Type]) -> Type:
    start = arguments[1] if len(arguments) > 1 else keywords.get("start", INT)
    step = binary(ast.Add(), start, _first_element(arguments))
    again = binary(ast.Add(), step, _first_element(arguments))
    return merge([start, step]) if again == step else UNKNOWN


def _abs(arguments: Sequence[Type], _: Mapping[str, Type]) -> Type:
    found: list[Type] = []
    for one in members(arguments[0]) if arguments else ():
        match one:
            case Bool() | Int():
                found.append(INT)
            case Float() | Complex():
                found.append(FLOAT)
            case _:
                return UNKNOWN
    return merge(found)


def _round(arguments: Sequence[Type], keywords: Mapping[str, Type]) -> Type:
    given = [*arguments[1:2], *(keywords[k] for k in keywords if k == "ndigits")]
    digits = members(given[0]) if given else (NONE,)
    found: list[Type] = []
    for one in members(arguments[0]) if arguments else ():
        for many in digits:
            if not isinstance(one, REAL) or not isinstance(many, NoneType | Bool | Int):
                return UNKNOWN
            found.append(FLOAT if isinstance(one, Float) and many != NONE else INT)
    return merge(found)


def _tuple(arguments: Sequence[Type], _: Mapping[str, Type]) -> Type:
    if not arguments:
        return Tuple(())
    return merge(
        plain if isinstance(plain, Tuple) else TupleOf(element(plain) or UNKNOWN)
        for plain in map(behaves_as, members(arguments[0]))
    )


def _dict(arguments: Sequence[Type], keywords: Mapping[str, Type]) -> Type:
    keys: list[Type] = [STR] if keywords else []
    values = list(keywords.values())
    for one in members(arguments[0]) if arguments else ():
        plain = behaves_as(one)
        match plain, element(plain):
            case Dict(key=key, value=value), _:
                keys.append(key)
                values.append(value)
            case ((Abstract(name="Mapping" | "MutableMapping", element=key, value=value)), _):
                keys.append(key)
                values.append(value or UNKNOWN)
            case _, Tuple(items=(key, value)):
                keys.append(key)
                values.append(value)
            case _:
                return Dict(UNKNOWN, UNKNOWN)
    return Dict(merge(keys), merge(values))


def _zip(arguments: Sequence[Type], _: Mapping[str, Type]) -> Type:
    return Abstract("Iterator", Tuple(tuple(element(one) or UNKNOWN for one in arguments)))


def _divmod(arguments: Sequence[Type], _: Mapping[str, Type]) -> Type:
    match arguments:
        case [left, right]:
            part = binary(ast.FloorDiv(), left, right)
            return UNKNOWN if part == UNKNOWN else Tuple((part, part))
    return UNKNOWN


_FUNCTIONS: dict[str, Callable[[Sequence[Type], Mapping[str, Type]], Type]] = {
    "min": _extreme,
    "max": _extreme,
    "sum": _sum,
    "abs": _abs,
    "round": _round,
    "divmod": _divmod,
    "sorted": lambda arguments, _: List(_first_element(arguments)),
    "list": lambda arguments, _: List(_first_element(arguments)),
    "set": lambda arguments, _: Set(_first_element(arguments)),
    "frozenset": lambda arguments, _: FrozenSet(_first_element(arguments)),
    "tuple": _tuple,
    "dict": _dict,
    "zip": _zip,
    "enumerate": lambda arguments, _: Abstract("Iterator", Tuple((INT, _first_element(arguments)))),
    "reversed": lambda arguments, _: Abstract("Iterator", _first_element(arguments)),
}
