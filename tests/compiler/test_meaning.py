"""What a compiled pipeline gives is what CPython gives when it calls the function."""

import importlib
import itertools
import sys
from pathlib import Path
from typing import Any

import pytest

from headrace.compiler import driver
from ir_execution import Execution

STEPS = """
from typing import NamedTuple
LIMIT = 3
class Pair(NamedTuple):
    left: int
    right: str
log = []
def add(a, b=1): return a + b
def double(x): return x * 2
def numbers(n): return list(range(n))
def two(x) -> tuple[int, int]: return x, x + 1
def loose(x): return x, str(x)
def pair(x) -> Pair: return Pair(x, str(x))
def total(values): return sum(values)
def fail(x): raise ValueError(x)
def show(*, text, end="!"): return text + end
def note(x): log.append(x)
def big(x) -> bool: return x > 2
"""

BODIES = {
    "a step": "return add(1, b=2)",
    "defaults stay the function's own": "return add(1)",
    "keyword only": "return show(text='a')",
    "nested calls": "return add(double(2), double(double(3)))",
    "tuple result": "a, b = two(3)\n    return [b, a]",
    "tuple result without annotation": "a, b = loose(3)\n    return {'a': a, 'b': b}",
    "unpacking too many": "a, b, c = loose(3)\n    return a",
    "unpacking in a list": "[a, b] = loose(4)\n    return (b, a)",
    "named tuple": "r = pair(5)\n    return r.left, r.right",
    "unpacked constants": "a, b = 1, double(2)\n    b, a = a, b\n    return a, b",
    "reassignment": "x = add(1)\n    x = double(x)\n    y = x\n    x = add(x)\n    return x, y",
    "chained assignment": "x = y = add(2)\n    return x + y",
    "glue arithmetic": "x = add(1)\n    return -x ** 2 + 7 // 2 - 7 % 4 * 1.5",
    "glue over two steps": "return add(1) + double(4)",
    "f-string": "x = add(1)\n    return f'{x:03d} {x!r} {{x}} $(HOME) {{{{=1+1}}}}'",
    "f-string of floats": "return f'{n / 3:.3f}|{n!s:>5}|{n}'",
    "f-string in ASCII": "x = show(text='é{')\n    return f'{x!a:>20} {text!a} é'",
    "methods": "x = show(text='a b')\n    return x.upper().split(), ','.join(['a', x])",
    "subscripts": "xs = numbers(6)\n    return xs[1], xs[-1], xs[1:4], xs[::-1], {'a': 1}['a']",
    "builtins": "xs = numbers(4)\n    return max(xs), sum(xs), len(xs), sorted(xs, reverse=True)",
    "module constant": "return add(LIMIT, 1) + LIMIT",
    "parameters": "return add(n), text, flag",
    "map over a constant": "return [double(x) for x in [1, 2, 3]]",
    "map over a tuple": "return [double(x) for x in (1, 2)]",
    "map over a dict": "return [double(k) for k in {'a': 1, 'b': 2}]",
    "map over a text": "return [double(k) for k in 'ab']",
    "map over nothing": "return [double(x) for x in []]",
    "map over a parameter": "return [double(x) for x in xs]",
    "map over a result": "return [double(x) for x in numbers(n)]",
    "map over an empty result": "return [double(x) for x in numbers(0)] + [1]",
    "map over a map": "a = [double(x) for x in xs]\n    return [add(x, y) for x, y in zip(a, xs)]",
    "map over enumerate": "return [add(i, x) for i, x in enumerate(xs)]",
    "map over range": "return [double(i) for i in range(3)]",
    "map over a computed range": "return [double(i) for i in range(add(1))]",
    "map with several steps": "return [add(double(x), n) for x in xs]",
    "map with glue around": "return [double(x + 1) - 1 for x in xs]",
    "map with a filter": "return [double(x) for x in xs if x > 1]",
    "map over two lists": "return [add(x, y) for x in xs for y in [10, 20] if x != 2]",
    "map with unequal pairs": "return [add(x, y) for x, y in [[1, 2], [3]]]",
    "map without steps": "return [x * n for x in xs if x]",
    "map whose variable is a name": "x = 5\n    ys = [double(x) for x in xs]\n    return x, ys",
    "comprehension shadows an alias": "x = add(1)\n    y = x\n    return [x + y for x in xs]",
    "nested maps": "return [[add(x, y) for y in xs] for x in xs]",
    "dict comprehension": "return {str(x): x * 2 for x in numbers(3)}",
    "a map in a step's argument": "return total([double(x) for x in xs])",
    "branch": "if big(n):\n        y = double(n)\n    else:\n        y = add(n)\n    return y",
    "branch on a parameter": "if flag:\n        y = add(1)\n    else:\n        y = 5\n    return y",
    "branch that keeps a name": "y = 1\n    if big(n):\n        y = double(n)\n    return y",
    "elif": "if n > 5:\n        y = 'a'\n    elif n > 2:\n        y = show(text='b')\n"
    "    else:\n        y = 'c'\n    return y",
    "branch within a branch": "y = 0\n    if big(n):\n        if flag:\n            y = add(n)\n"
    "    return y",
    "constant branch": "if True:\n        y = 1\n    return y",
    "glue in an arm": "x = add(n)\n    if x > 2:\n        y = x * 2\n    else:\n"
    "        y = -x\n    return y",
    "conditional expression": "return double(n) if big(n) else add(n)",
    "conditional glue": "return n if n > 2 else -n",
    "conditional in a map": "return [double(x) if x > 1 else add(x) for x in xs]",
    "lazy and": "return big(n) and double(n)",
    "lazy or": "return (n > 2) or fail(n)",
    "lazy glue": "return n == 0 or 1 / n",
    "chained comparison": "return 1 < add(n) < 5",
    "effect": "note(n)\n    x = add(n)\n    note(x)\n    return x",
    "effect in a branch": "if flag:\n        note(1)\n    return add(n)",
    "failing step": "return fail(n)",
    "failing glue": "x = xs[10]\n    return 1",
    "failing glue in an arm not taken": "x = 1\n    if not flag:\n        x = xs[10]\n    return x",
    "failing glue used in an arm only": "x = xs[10]\n    if not flag:\n        note(x)\n"
    "    return 1",
    "failing glue used lazily": "x = xs[10]\n    return n == 2 or x",
    "division by zero": "x = 1 / 0\n    return 2",
    "nothing": "add(1)",
    "return nesting": "return {'a': [add(1), (double(2), None)], 'b': {'c': text}}",
    "texts": "return [show(text=t) for t in ['{{=1+1}}', '{{ ds }}', '$(HOME)', 'a\\r\\n', '']]",
    "hazards in glue": "x = show(text='{{x}}')\n"
    "    return x + '{{=1+1}} {% raw %} $$ \\x7f é \\U0001f600'",
    "floats": "return [double(x) for x in [3.0, -0.0, 1e300, 1e16, 0.1]]",
    "big integers": "return double(2 ** 100 + 1), add(9007199254740993)",
    "infinities": "return double(float('inf')), [1e999]",
    "empty list of an f-string": "return f''",
    "names of builtins": "sum = add(1)\n    return sum + 1",
    "keyword names": "lambda_ = add(1)\n    return lambda_",
}

HEADER = (
    "def pipeline(n: int = 2, xs: list[int] = [1, 2, 3], text: str = 'é', flag: bool = True):\n    "
)
PARAMETERS: tuple[dict[str, Any], ...] = (
    {},
    {"n": 7, "flag": False, "xs": [5]},
    {"n": 0, "xs": [], "text": "{{=1+1}}"},
)
_numbers = itertools.count()


def outcome(run: Any) -> object:
    """Return what `run` gives, with the kinds of all numbers, or the class of what it raises."""
    try:
        return repr(run())
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("name", BODIES)
def test_compiled_is_what_python_gives(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module_name = f"meaning_{next(_numbers)}"
    path = tmp_path / f"{module_name}.py"
    path.write_text(STEPS + HEADER + BODIES[name] + "\n")
    compilation = driver.compile_source(path)
    assert [d.message for d in compilation.diagnostics] == []
    assert compilation.pipeline is not None
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module(module_name)
    for parameters in PARAMETERS:
        module.log.clear()
        expected = outcome(lambda p=parameters: module.pipeline(**p))
        effects = list(module.log)
        module.log.clear()
        found = outcome(lambda p=parameters: Execution(compilation.pipeline, tmp_path, **p).result)
        assert found == expected
        if not isinstance(expected, type):
            assert module.log == effects
    del sys.modules[module_name]
