"""Glue expressions: which Python they may hold, and the text in which a manifest carries them."""

import ast
import re
from collections.abc import Callable

from headrace.compiler import ir
from headrace.runtime.glue import FUNCTIONS, HELPERS

BUILTINS = frozenset(FUNCTIONS.split())
"""The functions that glue may call; the shim evaluates glue with exactly these."""

RESERVED = frozenset({"result", "it", "caught", *HELPERS})
"""Names in glue that stand for no variable."""

ONE_SHOT = frozenset({"zip", "enumerate", "reversed"})
"""Those of `BUILTINS` whose result can be read only once."""

_METHODS = """
    upper lower strip lstrip rstrip split rsplit splitlines join replace startswith endswith format
    removeprefix removesuffix title capitalize casefold swapcase zfill center ljust rjust count find
    rfind index rindex partition rpartition isdigit isalpha isalnum isspace isupper islower
    isnumeric isdecimal isidentifier expandtabs get keys values items copy is_integer bit_length
"""
METHODS = frozenset(_METHODS.split())
"""The methods that glue may call: those of str, list, dict and numbers that change nothing."""

_ASCII = "value.encode('ascii', 'backslashreplace').decode('ascii')"
"""What `ascii` makes of a `repr`."""


def safe_string(text: str) -> str:
    """Return a Python literal of `text` in ASCII that holds no `{`, `$` or control character."""
    literal = ascii(text)
    return literal.replace("{", r"\x7b").replace("$", r"\x24").replace("\x7f", r"\x7f")


class _Safe(ast.NodeTransformer):
    """Re-spells what a template engine could read as its own: string literals and f-strings."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """Put the safe literal where the string stood."""
        if isinstance(node.value, str):
            # unparse writes a name as it is, and a string as repr would.
            return ast.Name(safe_string(node.value), ast.Load())
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        """Write the f-string as the calls of `format` that the language defines it by."""
        parts = [self._part(part) for part in node.values]
        if not parts:
            return ast.Name("''", ast.Load())
        joined = parts[0]
        for part in parts[1:]:
            joined = ast.BinOp(joined, ast.Add(), part)
        return joined

    def _part(self, part: ast.expr) -> ast.expr:
        if not isinstance(part, ast.FormattedValue):
            return self.visit(part)  # type: ignore[no-any-return]
        value: ast.expr = self.visit(part.value)
        if part.conversion in (ord("r"), ord("a")):
            value = ast.Call(ast.Name("repr", ast.Load()), [value], [])
        elif part.conversion == ord("s"):
            value = ast.Call(ast.Name("str", ast.Load()), [value], [])
        if part.conversion == ord("a"):
            value = substitute(ast.parse(_ASCII, mode="eval").body, {"value": value}.get)
        spec = self.visit(part.format_spec) if part.format_spec else ast.Name("''", ast.Load())
        return ast.Call(ast.Name("format", ast.Load()), [value, spec], [])


def parsed(value: ir.Glue) -> ast.expr:
    """Return the expression that `value` is."""
    return ast.parse(value.source, mode="eval").body


def source_text(expression: ast.expr) -> str:
    """Return `expression` on one line in which no template engine finds its own signs.

    Braces remain only around dictionaries and sets, where `{` is never followed by `%` or `#`, and
    by another one only after a blank.
    """
    return re.sub(r"\{(?=\{)", "{ ", ast.unparse(_Safe().visit(expression)))


def substitute(expression: ast.expr, replace: Callable[[str], ast.expr | None]) -> ast.expr:
    """Return a copy of `expression` in which `replace` gives what stands for each name read."""

    class _Names(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return replace(node.id) or ast.Name(node.id, node.ctx)

    result: ast.expr = _Names().visit(ast.parse(ast.unparse(expression), mode="eval").body)
    return result


def never_raises(expression: ast.expr) -> bool:
    """Whether evaluating `expression` over any parameter values cannot raise an exception."""
    match expression:
        case ast.Constant() | ast.Name():
            return True
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.BoolOp(values=parts):
            return all(not isinstance(p, ast.Starred) and never_raises(p) for p in parts)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return never_raises(operand)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return never_raises(test) and never_raises(body) and never_raises(orelse)
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            equality = all(isinstance(op, ast.Eq | ast.NotEq | ast.Is | ast.IsNot) for op in ops)
            return equality and all(map(never_raises, [left, *comparators]))
        case ast.Call(func=ast.Name(id="make"), args=args, keywords=keywords):
            # That the arguments fit is known before.
            return all(map(never_raises, [*args, *(keyword.value for keyword in keywords)]))
        case ast.Dict(keys=keys, values=values):
            constant = all(isinstance(key, ast.Constant) for key in keys)
            return constant and all(map(never_raises, values))
        case _:
            return False
