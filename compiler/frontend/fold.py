"""Constants: the expressions whose value is known, and cheap to know, at compile time."""

import ast
import warnings

_ARITHMETIC = (ast.Add, ast.Sub, ast.Div, ast.FloorDiv, ast.Mod)
_CALLS = {"range": range, "zip": zip, "enumerate": enumerate, "list": list, "len": len, "str": str}
_LONGEST_RANGE = 10_000


class NotConstant(Exception):
    """The value of an expression is not known at compile time, or costs too much to know."""


def constant(expression: ast.expr) -> object:
    """Return the value of `expression`.

    Only displays, small arithmetic, `range`, `zip`, `enumerate` and a comprehension over one of
    them are computed, so that no source text can make the compiler work for long.

    Raises:
        NotConstant: the expression is none of these, or evaluating it raises.
    """
    if not all(map(_cheap, ast.walk(expression))):
        raise NotConstant
    comprehensions = [n for n in ast.walk(expression) if isinstance(n, ast.ListComp)]
    repeated = [n for c in comprehensions for n in ast.walk(c.elt)]
    if len(comprehensions) > 1 or any(
        isinstance(n, ast.Call | ast.comprehension) for n in repeated
    ):
        raise NotConstant
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.fix_missing_locations(ast.Expression(expression))
            code = compile(tree, "<constant>", "eval")
        value = eval(code, {"__builtins__": {}, **_CALLS})
    except Exception as error:
        raise NotConstant from error
    if not is_plain(value):
        raise NotConstant
    return value


def constant_of(node: ast.expr) -> object:
    """Return the value of `node`, a part of a module's tree, which stays as it is.

    Raises:
        NotConstant: see `constant`.
    """
    return constant(ast.parse(ast.unparse(node), mode="eval").body)


def _cheap(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value=value):
            return value is None or isinstance(value, bool | int | float | str)
        case ast.BinOp(op=ast.Mod(), left=left):
            # A text before `%` is a format, which may ask for any width.
            return isinstance(left, ast.Constant) and not isinstance(left.value, str)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _is_number(left) and _is_number(right)
        case ast.BinOp(op=op):
            return isinstance(op, _ARITHMETIC)
        case ast.Call(func=ast.Name(id="range"), args=args, keywords=[]):
            return all(
                isinstance(a, ast.Constant)
                and isinstance(a.value, int)
                and abs(a.value) <= _LONGEST_RANGE
                for a in args
            )
        case ast.Call(func=ast.Name(id=name)):
            return name in _CALLS
        case (
            ast.List()
            | ast.Tuple()
            | ast.Dict()
            | ast.UnaryOp()
            | ast.unaryop()
            | ast.operator()
            | ast.Name()
            | ast.expr_context()
            | ast.Compare()
            | ast.cmpop()
            | ast.ListComp()
            | ast.comprehension()
            | ast.keyword()
            | ast.Subscript()
        ):
            return True
        case _:
            return False


def _is_number(node: ast.expr) -> bool:
    """Whether `node` is a number, and no text that multiplication would make long."""
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def is_plain(value: object) -> bool:
    """Whether `value` is made only of None, bool, int, float, str, list, tuple and dict."""
    if isinstance(value, list | tuple):
        return all(map(is_plain, value))
    if isinstance(value, dict):
        return all(is_plain(k) and is_plain(v) for k, v in value.items())
    return value is None or type(value) in (bool, int, float, str)


def is_immutable(value: object) -> bool:
    """Whether the plain `value` holds no list and no dict."""
    if isinstance(value, tuple):
        return all(map(is_immutable, value))
    return not isinstance(value, list | dict)


def literal(value: object) -> ast.expr:
    """Return an expression that gives the plain `value`, infinities and NaN included."""

    class _Floats(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return ast.Call(ast.Name("float", ast.Load()), [ast.Constant(node.id)], [])

    result: ast.expr = _Floats().visit(ast.parse(repr(value), mode="eval").body)
    return result
