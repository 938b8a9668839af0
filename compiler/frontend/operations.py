"""The types that operators and subscripts give, as Python's semantics have them.

Where they are not certain for every value of the operands' types, the answer is unknown. Operands
that make Python raise may get any answer.
"""

import ast
from collections.abc import Callable
from itertools import product

from headrace.compiler.frontend.parts import behaves_as, widened
from headrace.compiler.frontend.types import (
    BOOL,
    COMPLEX,
    FLOAT,
    INT,
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
    Literal,
    NoneType,
    Record,
    Set,
    Str,
    Tuple,
    TupleOf,
    Type,
    Union,
    Value,
    element,
    merge,
)

_MOST_PAIRS = 64
_BUILT_IN = (
    *(NoneType, Bool, Int, Float, Complex, Str, Literal),
    *(List, Dict, Set, FrozenSet, Tuple, TupleOf),
)
REAL, _INTEGER = (Bool, Int, Float), (Bool, Int)


def members(of: Type) -> tuple[Type, ...]:
    """Return the alternatives of `of`, literals as their classes."""
    of = widened(of)
    return of.members if isinstance(of, Union) else (of,)


def _each(rule: Callable[[Type, Type], Type], left: Type, right: Type) -> Type:
    """Return the union of what `rule` gives for all alternatives of the operands."""
    lefts, rights = members(left), members(right)
    if len(lefts) * len(rights) > _MOST_PAIRS:
        return UNKNOWN
    return merge(rule(a, b) for a, b in product(lefts, rights))


# --- operators -----------------------------------------------------------------------------------


def unary(op: ast.unaryop, operand: Type) -> Type:
    """Return what `-x`, `+x`, `~x` or `not x` gives."""
    if isinstance(op, ast.Not):
        return BOOL
    found: list[Type] = []
    for one in members(operand):
        if isinstance(one, Bool | Int):
            found.append(INT)
        elif isinstance(one, Float | Complex) and not isinstance(op, ast.Invert):
            found.append(one)
        else:
            return UNKNOWN
    return merge(found)


def binary(op: ast.operator, left: Type, right: Type, exponent: object = None) -> Type:
    """Return what `left op right` gives; `exponent` is the right operand where it is a constant."""
    if isinstance(op, ast.Pow):
        is_natural = isinstance(exponent, int) and exponent >= 0
        return _each(_natural_power if is_natural else _power, left, right)
    rule = _RULES.get(type(op))
    return _each(rule, left, right) if rule else UNKNOWN


def _number(left: Type, right: Type) -> Type | None:
    """Return the type of the wider of two numbers, at least an int; None if one is no number."""
    for wide in (COMPLEX, FLOAT):
        if wide in (left, right):
            both = (*REAL, Complex) if wide == COMPLEX else REAL
            return wide if isinstance(left, both) and isinstance(right, both) else None
    return INT if isinstance(left, _INTEGER) and isinstance(right, _INTEGER) else None


def _add(left: Type, right: Type) -> Type:
    match left, right:
        case Str(), Str():
            return STR
        case List(), List():
            return List(merge([left.element, right.element]))
        case Tuple(), Tuple():
            return Tuple((*left.items, *right.items))
        case ((Tuple() | TupleOf()), (Tuple() | TupleOf())):
            return TupleOf(merge([element(left) or UNKNOWN, element(right) or UNKNOWN]))
    return _number(left, right) or UNKNOWN


def _subtract(left: Type, right: Type) -> Type:
    if isinstance(left, Set | FrozenSet) and isinstance(right, Set | FrozenSet):
        return left
    return _number(left, right) or UNKNOWN


def _multiply(left: Type, right: Type) -> Type:
    for many, count in ((left, right), (right, left)):
        if isinstance(count, _INTEGER):
            if isinstance(many, Str | List | TupleOf):
                return many
            if isinstance(many, Tuple):
                return TupleOf(merge(many.items))
    return _number(left, right) or UNKNOWN


def _divide(left: Type, right: Type) -> Type:
    number = _number(left, right)
    return FLOAT if number == INT else number or UNKNOWN


def _floor(left: Type, right: Type) -> Type:
    number = _number(left, right)
    return UNKNOWN if number is None or number == COMPLEX else number


def _modulo(left: Type, right: Type) -> Type:
    if isinstance(left, Str) and isinstance(right, _BUILT_IN):
        return STR
    return _floor(left, right)


def _power(left: Type, right: Type) -> Type:
    if isinstance(right, Float) and isinstance(left, REAL):
        return merge([FLOAT, COMPLEX])  # of a negative number
    if isinstance(left, _INTEGER) and isinstance(right, Int):
        return merge([INT, FLOAT])
    return _number(left, right) or UNKNOWN


def _natural_power(left: Type, right: Type) -> Type:
    return _number(left, right) or UNKNOWN


def _shift(left: Type, right: Type) -> Type:
    return INT if isinstance(left, _INTEGER) and isinstance(right, _INTEGER) else UNKNOWN


def _bits(left: Type, right: Type) -> Type:
    if isinstance(left, Bool) and isinstance(right, Bool):
        return BOOL
    if isinstance(left, Set | FrozenSet) and isinstance(right, Set | FrozenSet):
        return type(left)(merge([left.element, right.element]))
    return _shift(left, right)


def _or(left: Type, right: Type) -> Type:
    if isinstance(left, Dict) and isinstance(right, Dict):
        return Dict(merge([left.key, right.key]), merge([left.value, right.value]))
    return _bits(left, right)


_RULES: dict[type[ast.operator], Callable[[Type, Type], Type]] = {
    ast.Add: _add,
    ast.Sub: _subtract,
    ast.Mult: _multiply,
    ast.Div: _divide,
    ast.FloorDiv: _floor,
    ast.Mod: _modulo,
    ast.LShift: _shift,
    ast.RShift: _shift,
    ast.BitAnd: _bits,
    ast.BitXor: _bits,
    ast.BitOr: _or,
}


def compare(op: ast.cmpop, left: Type, right: Type) -> Type:
    """Return what one comparison gives: a bool, unless a class may have its own idea of it."""
    if isinstance(op, ast.Is | ast.IsNot | ast.In | ast.NotIn):
        return BOOL
    operands = (*members(left), *members(right))
    if isinstance(op, ast.Eq | ast.NotEq):
        return BOOL if all(isinstance(one, _BUILT_IN) for one in operands) else UNKNOWN
    # Lists and tuples give what the comparison of their elements gives.
    return BOOL if all(map(_orders_plainly, operands)) else UNKNOWN


def _orders_plainly(of: Type) -> bool:
    match of:
        case Union(members=inner) | Tuple(items=inner):
            return all(map(_orders_plainly, inner))
        case List(element=inner) | TupleOf(element=inner):
            return _orders_plainly(inner)
    return isinstance(of, _BUILT_IN)


def subscript(of: Type, index: Type) -> Type:
    """Return what `of[index]` gives where the index is not known."""
    found = []
    is_position = all(isinstance(one, Bool | Int) for one in members(index))
    for one in members(of):
        plain = behaves_as(one)
        match plain:
            case Dict(value=value):
                found.append(UNKNOWN if isinstance(one, Record) else value)
            case List() | TupleOf() | Tuple() | Str() if is_position:
                found.append(element(plain) or UNKNOWN)
            case Abstract(name="Mapping" | "MutableMapping", value=value):
                found.append(value or UNKNOWN)
            case Abstract(name="Sequence" | "MutableSequence") if is_position:
                found.append(plain.element)
            case _:
                return UNKNOWN
    return merge(found)


def sliced(of: Type) -> Type:
    """Return what a slice of `of` gives."""
    found: list[Type] = []
    for one in members(of):
        match one:
            case List() | TupleOf() | Str() | Value(name="range"):
                found.append(one)
            case Tuple(items=items):
                found.append(TupleOf(merge(items)))
            case _:
                return UNKNOWN
    return merge(found)
