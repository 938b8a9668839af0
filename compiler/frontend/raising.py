"""Whether an expression can raise an exception, as far as types tell."""

import ast
from collections.abc import Mapping

from headrace.compiler.frontend.inference import infer
from headrace.compiler.frontend.operations import REAL, members
from headrace.compiler.frontend.types import (
    Abstract,
    Dict,
    Enum,
    FrozenSet,
    List,
    NoneType,
    Record,
    Set,
    Str,
    Tuple,
    TupleOf,
    Type,
    Value,
    field,
)
from headrace.compiler.glue import never_raises

_SIZED = (List, Dict, Set, FrozenSet, Tuple, TupleOf, Str)


def is_iterable(of: Type) -> bool:
    """Return whether it is certain that every value of `of` can be looped over."""
    known = (*_SIZED, Abstract)
    return all(isinstance(one, known) or one == Value("range") for one in members(of))


def may_raise(expression: ast.expr, types: Mapping[str, Type]) -> bool:
    """Return whether evaluating `expression` may raise; `types` are those of the names it reads."""
    if never_raises(expression):
        return False
    match expression:
        case ast.BoolOp(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts):
            return any(may_raise(part, types) for part in parts)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return may_raise(operand, types)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return any(may_raise(part, types) for part in (test, body, orelse))
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            operands = [left, *comparators]
            if any(may_raise(operand, types) for operand in operands):
                return True
            found = [members(infer(operand, types)) for operand in operands]
            pairs = zip(ops, found, found[1:], strict=False)
            return not all(_compares(op, left, right) for op, left, right in pairs)
        case ast.Call(func=ast.Name(id="len"), args=[of], keywords=[]):
            sized = all(isinstance(one, _SIZED) for one in members(infer(of, types)))
            return may_raise(of, types) or not sized
        case ast.Attribute(value=of, attr=name):
            record = infer(of, types)
            known = isinstance(record, Record) and not record.open and field(record, name)
            return may_raise(of, types) or not known
    return True


def _compares(op: ast.cmpop, left: tuple[Type, ...], right: tuple[Type, ...]) -> bool:
    """Whether every value of `left` can be compared with every one of `right`."""
    match op:
        case ast.Eq() | ast.NotEq() | ast.Is() | ast.IsNot():
            return True
        case ast.In() | ast.NotIn():
            texts = all(isinstance(one, Str) for one in (*left, *right))
            plain = all(isinstance(one, (*REAL, Str, NoneType, Enum)) for one in left)
            held = all(isinstance(one, _SIZED) and not isinstance(one, Str) for one in right)
            return texts or (plain and held)
    both = (*left, *right)
    return all(isinstance(one, REAL) for one in both) or all(isinstance(one, Str) for one in both)
