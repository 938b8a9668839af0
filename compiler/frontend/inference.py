"""The types of glue expressions, inferred from those of the names that they read."""

import ast
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from headrace.compiler.frontend import builtin_calls, operations
from headrace.compiler.frontend.parts import bounded, widened
from headrace.compiler.frontend.types import (
    STR,
    UNKNOWN,
    Abstract,
    Dict,
    List,
    NoneType,
    Set,
    Tuple,
    TupleOf,
    Type,
    Union,
    element,
    field,
    item,
    merge,
    type_of_value,
)
from headrace.compiler.glue import BUILTINS

__all__ = ["infer", "type_of_value"]


def infer(expression: ast.expr, types: Mapping[str, Type]) -> Type:
    """Return the type of every value that `expression` can give over names of these `types`.

    What `types` does not name is unknown, but for the built-in functions that glue may call. A
    constant has the type of its class. An expression that always raises may get any type.
    """
    try:
        if any(isinstance(node, ast.NamedExpr) for node in ast.walk(expression)):
            return UNKNOWN  # it could bind a name of `types` to something else
        return _Inference(types).of(expression)
    except RecursionError:
        return UNKNOWN


class _Inference:
    """Infers types over the names of one scope."""

    def __init__(self, types: Mapping[str, Type]) -> None:
        self.types = types

    def of(self, node: ast.expr) -> Type:
        """Return the type of `node`."""
        rule = _RULES.get(type(node))
        return bounded(rule(self, node)) if rule else UNKNOWN

    def each(self, nodes: Iterable[ast.expr]) -> Type:
        """Return the union of the types of `nodes`, the elements of starred ones included."""
        return merge(
            element(self.of(node.value)) or UNKNOWN
            if isinstance(node, ast.Starred)
            else self.of(node)
            for node in nodes
        )

    # --- names, operators ------------------------------------------------------------------------

    def name(self, node: ast.Name) -> Type:
        return self.types.get(node.id, UNKNOWN)

    def unary(self, node: ast.UnaryOp) -> Type:
        return operations.unary(node.op, self.of(node.operand))

    def binary(self, node: ast.BinOp) -> Type:
        exponent = node.right.value if isinstance(node.right, ast.Constant) else None
        return operations.binary(node.op, self.of(node.left), self.of(node.right), exponent)

    def boolean(self, node: ast.BoolOp) -> Type:
        *first, last = map(self.of, node.values)
        if isinstance(node.op, ast.Or):
            first = list(map(_without_none, first))
        return merge([*first, last])

    def comparison(self, node: ast.Compare) -> Type:
        operands = [self.of(operand) for operand in (node.left, *node.comparators)]
        pairs = zip(node.ops, operands[:-1], operands[1:], strict=True)
        return merge(operations.compare(op, left, right) for op, left, right in pairs)

    def conditional(self, node: ast.IfExp) -> Type:
        return merge([self.of(node.body), self.of(node.orelse)])

    # --- displays and comprehensions -------------------------------------------------------------

    def tuple_display(self, node: ast.Tuple) -> Type:
        items: list[Type] = []
        for part in node.elts:
            if not isinstance(part, ast.Starred):
                items.append(self.of(part))
                continue
            starred = self.of(part.value)
            if not isinstance(starred, Tuple):
                return TupleOf(self.each(node.elts))
            items.extend(starred.items)
        return Tuple(tuple(items))

    def dict_display(self, node: ast.Dict) -> Type:
        spread = [
            builtin_calls.function("dict", [self.of(value)], {})
            for key, value in zip(node.keys, node.values, strict=True)
            if key is None
        ]
        keys = [one.key for one in spread if isinstance(one, Dict)]
        values = [one.value for one in spread if isinstance(one, Dict)]
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None:
                keys.append(self.of(key))
                values.append(self.of(value))
        return Dict(merge(keys), merge(values))

    def inside(self, generators: list[ast.comprehension]) -> "_Inference":
        """Return the inference of what stands behind these `for`s of a comprehension."""
        types = dict(self.types)
        inner = _Inference(types)
        for number, generator in enumerate(generators):
            source = (inner if number else self).of(generator.iter)
            _bind(types, generator.target, element(source) or UNKNOWN)
        return inner

    def dict_comprehension(self, node: ast.DictComp) -> Type:
        inner = self.inside(node.generators)
        return Dict(inner.of(node.key), inner.of(node.value))

    # --- parts of values -------------------------------------------------------------------------

    def attribute(self, node: ast.Attribute) -> Type:
        return field(self.of(node.value), node.attr) or UNKNOWN

    def subscript(self, node: ast.Subscript) -> Type:
        if isinstance(node.slice, ast.Slice):
            return self.slice(node.value, node.slice)
        index = _constant_index(node.slice)
        if index is None:
            return operations.subscript(self.of(node.value), self.of(node.slice))
        unpacked = self.unpacked(node.value)
        if unpacked is not None:
            return item(unpacked, index) or UNKNOWN
        return item(self.of(node.value), index) or UNKNOWN

    def slice(self, of: ast.expr, bounds: ast.Slice) -> Type:
        sliced = self.of(of)
        ends = [None if e is None else _constant_index(e) for e in (bounds.lower, bounds.upper)]
        told = [e for e in (bounds.lower, bounds.upper) if e is not None]
        exact = bounds.step is None and sum(isinstance(e, int) for e in ends) == len(told)
        if isinstance(sliced, Tuple) and exact:
            lower, upper = ends
            assert not isinstance(lower, str)
            assert not isinstance(upper, str)
            return Tuple(sliced.items[lower:upper])
        return operations.sliced(sliced)

    def unpacked(self, node: ast.expr) -> Type | None:
        """Return what has the items of `unpack(value, count)`, the helper of the compiler."""
        match node:
            case ast.Call(
                func=ast.Name(id="unpack"), args=[value, ast.Constant(value=int(count))]
            ) if "unpack" not in self.types:
                of = self.of(value)
                same = isinstance(of, Tuple) and len(of.items) == count
                return of if same else List(element(of) or UNKNOWN)
        return None

    # --- calls -----------------------------------------------------------------------------------

    def call(self, node: ast.Call) -> Type:
        unpacked = self.unpacked(node)
        if unpacked is not None:
            return List(element(unpacked) or UNKNOWN)
        if any(isinstance(a, ast.Starred) for a in node.args):
            return UNKNOWN
        keywords = {k.arg: self.of(k.value) for k in node.keywords if k.arg is not None}
        if len(keywords) < len(node.keywords):
            return UNKNOWN
        arguments = [self.of(argument) for argument in node.args]
        match node.func:
            case ast.Name(id=name) if name in BUILTINS and name not in self.types:
                return builtin_calls.function(name, arguments, keywords)
            case ast.Attribute(value=of, attr=name):
                constant = node.args[0] if node.args else None
                key = constant.value if isinstance(constant, ast.Constant) else None
                return builtin_calls.method(self.of(of), name, arguments, key)
        return UNKNOWN


def _without_none(of: Type) -> Type:
    """Return the type of the values of `of` that can be true."""
    if not isinstance(of, Union):
        return of
    return merge(member for member in of.members if not isinstance(member, NoneType))


def _constant_index(node: ast.expr) -> int | str | None:
    match node:
        case ast.Constant(value=int(value) | str(value)):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value))):
            return -value
    return None


def _bind(types: dict[str, Type], target: ast.expr, of: Type) -> None:
    """Bind the names in `target` to what unpacking a value of `of` gives them."""
    match target:
        case ast.Name(id=name):
            types[name] = of
        case ast.Starred(value=value):
            _bind(types, value, List(UNKNOWN))
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            starred = any(isinstance(part, ast.Starred) for part in parts)
            for number, part in enumerate(parts):
                inner = element(of) if starred else _item_of_unpacked(of, number, len(parts))
                _bind(types, part, inner or UNKNOWN)


def _item_of_unpacked(of: Type, number: int, count: int) -> Type | None:
    """Return what item `number` of `count` is when a value of `of` is unpacked."""
    if isinstance(of, Union):
        found = [_item_of_unpacked(member, number, count) for member in of.members]
        return merge(one for one in found if one is not None)
    if isinstance(of, Tuple):
        return of.items[number] if len(of.items) == count else None
    return element(of)


_RULES: dict[type[ast.expr], Callable[[_Inference, Any], Type]] = {
    ast.Constant: lambda self, node: widened(type_of_value(node.value)),
    ast.Name: _Inference.name,
    ast.UnaryOp: _Inference.unary,
    ast.BinOp: _Inference.binary,
    ast.BoolOp: _Inference.boolean,
    ast.Compare: _Inference.comparison,
    ast.IfExp: _Inference.conditional,
    ast.JoinedStr: lambda self, node: STR,
    ast.FormattedValue: lambda self, node: STR,
    ast.List: lambda self, node: List(self.each(node.elts)),
    ast.Set: lambda self, node: Set(self.each(node.elts)),
    ast.Tuple: _Inference.tuple_display,
    ast.Dict: _Inference.dict_display,
    ast.ListComp: lambda self, node: List(self.inside(node.generators).of(node.elt)),
    ast.SetComp: lambda self, node: Set(self.inside(node.generators).of(node.elt)),
    ast.GeneratorExp: lambda self, node: Abstract(
        "Iterator", self.inside(node.generators).of(node.elt)
    ),
    ast.DictComp: _Inference.dict_comprehension,
    ast.Attribute: _Inference.attribute,
    ast.Subscript: _Inference.subscript,
    ast.Call: _Inference.call,
}
