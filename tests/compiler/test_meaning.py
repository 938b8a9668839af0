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
class Small(ValueError):
    def __init__(self, n, why):
        super().__init__(n, why)
def picky(x):
    if x == 2:
        raise ValueError(f"not {x}")
    return x
def raising(text, x):
    if text == "é" and x == 2: raise KeyError(text)
    if x == 7: raise ZeroDivisionError("seven")
    raise ValueError(x)
def small(x):
    raise Small(x, "it is")
def described(e): return type(e).__name__ + str(e)
def inner(x, scale=2):
    y = double(x)
    if y > 4:
        return add(y, scale)
    return y * scale
def twice(x):
    x = inner(x)
    return inner(x)
def noting(x):
    note(x)
    note(add(x))
def failing(x):
    assert x > 100, "too small"
    return x
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
    **{
        # loops
        "for with append": "out = []\n    for x in xs:\n        out.append(double(x))\n    return out",
        "for with append after others": "out = [0]\n    for x in xs:\n        out.append(double(x))\n"
        "    return out",
        "for with two appends": "out = []\n    for x in xs:\n        out.append(double(x))\n"
        "        out.append(x)\n    return out",
        "for with two lists": "a, b = [], []\n    a = []\n    b = []\n    for x in xs:\n        y = double(x)\n"
        "        a.append(y)\n        b.append(add(y, x))\n    return a, b",
        "for with a filter": "out = []\n    for x in xs:\n        if big(x):\n            out.append(double(x))\n"
        "    return out",
        "for with continue": "out = []\n    for x in xs:\n        if not big(x):\n            continue\n"
        "        y = double(x)\n        out.append(y)\n    return out",
        "for with extend": "out = []\n    for x in xs:\n        out.extend(numbers(x))\n    return out",
        "for with list addition": "out = []\n    for x in xs:\n        out += [double(x), x]\n    return out",
        "for with a dict": "out = {}\n    for x in xs:\n        out[str(x)] = double(x)\n    return out",
        "for with equal keys": "out = {'b': 0}\n    for x in xs:\n        out[str(x % 2)] = double(x)\n    return out",
        "for over a result": "out = []\n    for x in numbers(n):\n        out.append(double(x))\n    return out",
        "for over pairs": "out = []\n    for i, x in enumerate(xs):\n        out.append(add(i, x))\n    return out",
        "for over items": "out = []\n    for k, v in {'a': 1, 'b': 2}.items():\n        out.append(add(v, len(k)))\n    return out",
        "for for its effect": "for x in xs:\n        note(x)\n    return add(n)",
        "for in for": "out = []\n    for x in xs:\n        for y in [1, 2]:\n            out.append(add(x, y))\n    return out",
        "for in for with inner list": "out = []\n    for x in xs:\n        row = []\n        for y in [1, 2]:\n"
        "            row.append(add(x, y))\n        out.append(row)\n    return out",
        "for with a branch": "out = []\n    for x in xs:\n        if x > 1:\n            y = double(x)\n"
        "        else:\n            y = add(x)\n        out.append(y)\n    return out",
        "for else": "out = []\n    for x in xs:\n        out.append(double(x))\n    else:\n        out = total(out)\n    return out",
        "for in a branch": "out = []\n    if flag:\n        for x in xs:\n            out.append(double(x))\n    return out",
        "two loops add": "out = []\n    for x in xs:\n        out.append(double(x))\n    for x in xs:\n        out.append(x)\n    return out",
        "turns written out": "x = 1\n    for i in [1, 2, 3]:\n        x = add(x, i)\n    return x",
        "last turn": "for i in range(3):\n        x = add(i, n)\n    return x, i",
        "sum over constants": "s = 0\n    for x in (1, 2, 3):\n        s = s + double(x)\n    return s",
        "append outside of loops": "out = []\n    out.append(add(1))\n    if flag:\n        out.append(double(n))\n    return out",
        "append of failing glue": "out = []\n    out.append(xs[10])\n    return 1",
        "step in a filter": "return [double(x) for x in xs if big(x)]",
        "steps in filters": "return [double(x) for x in xs if x > 0 if big(x) if x < 9]",
        "step in a later generator": "return [add(x, y) for x in xs for y in numbers(x)]",
        "dict comprehension with steps": "return {str(x): double(x) for x in xs if x}",
        "dict of parameters": "d = {'a': 1, 'b': 2}\n    return {k: add(v) for k, v in d.items()}",
        "generator in sum": "return sum(double(x) for x in xs) + max((add(x) for x in [1, n]), key=None)",
        # match
        "match": "match n:\n        case 0:\n            y = 'none'\n        case 1 | 2:\n            y = show(text='few')\n"
        "        case _:\n            y = show(text='many')\n    return y",
        "match on a step": "match add(n):\n        case 3:\n            return 'three'\n        case m if m > 5:\n            return m\n"
        "    return 'other'",
        "match singletons": "match flag:\n        case True:\n            y = 1\n        case _:\n            y = 2\n    return y",
        "match without a case": "y = 0\n    match text:\n        case 'a':\n            y = 1\n    return y",
        "match names": "match text:\n        case 'é' as e:\n            return show(text=e)\n        case other:\n            return other",
        # assert, raise, return
        "assert": "x = add(n)\n    assert x > 2, f'{x} is small'\n    return double(x)",
        "assert without text": "assert n\n    return 1",
        "assert a step": "assert big(n), show(text='no')\n    return n",
        "raise": "if n == 0:\n        raise ValueError(f'n is {n}')\n    return double(n)",
        "raise a class": "if not big(n):\n        raise KeyError\n    return double(n)",
        "raise own": "if not big(n):\n        raise Small(n, why='small')\n    return double(n)",
        "raise in every arm": "if big(n):\n        raise ValueError(1)\n    else:\n        raise KeyError(2)\n    return add(1)",
        "raise in an arm that binds": "if big(n):\n        y = double(n)\n    else:\n        raise ValueError(n)\n    return y",
        "raise in a loop": "for x in xs:\n        if x > 4:\n            raise ValueError(x)\n    return 1",
        "effect after assert": "assert n, 'no'\n    note(n)\n    return 1",
        "early return": "if big(n):\n        return double(n)\n    x = add(n)\n    return x",
        "early return in nested arms": "if flag:\n        if big(n):\n            return double(n)\n        y = 1\n    else:\n        y = 2\n"
        "    return add(y)",
        "early return of nothing": "if not flag:\n        return\n    note(n)\n    return n",
        "return in all arms": "if big(n):\n        return 1\n    elif flag:\n        return add(2)\n    else:\n        return 3",
        "no return on a way": "if big(n):\n        return double(n)",
        # try
        "try": "try:\n        y = fail(n)\n    except ValueError:\n        y = 5\n    return y",
        "try that works": "try:\n        y = picky(n)\n    except ValueError:\n        y = add(0)\n    return y",
        "try keeps a name": "y = 1\n    try:\n        y = picky(n)\n    except ValueError:\n        pass\n    return y",
        "try with the exception": "try:\n        y = picky(n)\n    except ValueError as e:\n        y = f'{e} {e.args} {e!r}'\n    return y",
        "try gives the exception to a step": "try:\n        y = picky(n)\n    except ValueError as e:\n        y = described(e)\n    return y",
        "try two steps": "try:\n        x = picky(n)\n        y = add(x)\n    except ValueError:\n        y = 0\n    return y",
        "try nested calls": "try:\n        y = add(picky(n), picky(add(n)))\n    except ValueError as e:\n        y = str(e)\n    return y",
        "try of several classes": "try:\n        y = raising(text, n)\n    except (KeyError, IndexError) as e:\n        y = 'lookup'\n"
        "    except ValueError:\n        y = 'value'\n    except Exception as e:\n        y = repr(e)\n    return y",
        "try own class": "try:\n        y = small(n)\n    except Small as e:\n        y = e.args\n    return y",
        "try its base": "try:\n        y = small(n)\n    except ValueError as e:\n        y = e.args\n    return y",
        "try another class": "try:\n        y = fail(n)\n    except KeyError:\n        y = 1\n    return y",
        "try everything": "try:\n        y = fail(n)\n    except:\n        y = 1\n    return y",
        "try else": "try:\n        x = picky(n)\n    except ValueError:\n        y = 1\n    else:\n        y = double(x)\n    return y",
        "try in else": "try:\n        x = add(n)\n    except ValueError:\n        y = 1\n    else:\n        y = picky(x)\n    return y",
        "try glue": "try:\n        x = xs[2]\n        y = add(x)\n    except IndexError:\n        y = -1\n    return y",
        "try glue in an argument": "try:\n        y = add(xs[1])\n    except IndexError:\n        y = -1\n    return y",
        "try glue before a step": "try:\n        y = xs[2] + picky(n)\n    except IndexError:\n        y = -1\n"
        "    except ValueError:\n        y = -2\n    return y",
        "try an assert": "try:\n        assert n > 2, 'small'\n        y = add(n)\n    except AssertionError as e:\n        y = str(e)\n    return y",
        "try a raise": "try:\n        if n > 2:\n            raise Small(n, why='x')\n        y = add(n)\n    except Small as e:\n        y = e.args\n    return y",
        "raise again": "try:\n        y = picky(n)\n    except ValueError:\n        note(n)\n        raise\n    return y",
        "raise by name": "try:\n        y = picky(n)\n    except ValueError as e:\n        raise e\n    return y",
        "raise another": "try:\n        y = picky(n)\n    except ValueError as e:\n        raise KeyError(str(e)) from e\n    return y",
        "try in try": "try:\n        try:\n            y = raising(text, n)\n        except KeyError:\n            y = 'inner'\n"
        "    except Exception as e:\n        y = repr(e)\n    return y",
        "try in a handler": "try:\n        y = picky(n)\n    except ValueError:\n        try:\n            y = fail(n)\n"
        "        except ValueError as e:\n            y = str(e)\n    return y",
        "a handler that raises in try": "try:\n        try:\n            y = picky(n)\n        except ValueError as e:\n"
        "            raise KeyError(str(e))\n    except KeyError as e:\n        y = repr(e)\n    return y",
        "try a map": "try:\n        ys = [picky(x) for x in xs]\n    except ValueError as e:\n        ys = [str(e)]\n    return ys",
        "try a loop": "try:\n        ys = []\n        for x in xs:\n            ys.append(picky(x))\n    except ValueError as e:\n        ys = [str(e)]\n    return ys",
        "try in a map": "out = []\n    for x in xs:\n        try:\n            y = picky(x)\n        except ValueError:\n            y = None\n"
        "        out.append(y)\n    return out",
        "try in a loop that adds": "out = []\n    for x in xs:\n        try:\n            out.append(picky(x))\n        except ValueError:\n            out.append('bad')\n    return out",
        "try that skips": "out = []\n    for x in xs:\n        try:\n            y = picky(x)\n        except ValueError:\n            continue\n        out.append(y)\n    return out",
        "try a branch": "try:\n        if flag:\n            y = picky(n)\n        else:\n            y = add(n)\n        z = double(y)\n"
        "    except ValueError:\n        z = 0\n    return z",
        "try a branch on a step": "try:\n        if picky(n) > 2:\n            y = add(n)\n        else:\n            y = 0\n"
        "    except ValueError:\n        y = -1\n    return y",
        "try a branch that keeps": "y = 7\n    try:\n        if flag:\n            y = picky(n)\n        x = fail(n)\n    except ValueError:\n        pass\n    return y",
        "try for effect": "try:\n        note(n)\n        picky(n)\n        note(2)\n    except ValueError:\n        note(3)\n    return n",
        "try a sub-pipeline": "try:\n        y = failing(n)\n    except AssertionError as e:\n        y = str(e)\n    return y",
        "try lazily": "try:\n        y = flag and picky(n) or add(n)\n    except ValueError:\n        y = 0\n    return y",
        "try unpacking": "try:\n        a, b, c = loose(n)\n    except ValueError as e:\n        a = str(e)\n    return a",
        "return in try": "try:\n        return picky(n)\n    except ValueError:\n        return -1",
        "return in a handler": "try:\n        y = picky(n)\n    except ValueError:\n        return -1\n    return double(y)",
        "return in try, going on in the handler": "try:\n        return picky(n)\n    except ValueError:\n        y = 1\n    return add(y)",
        "finally": "try:\n        y = picky(n)\n    finally:\n        note('done')\n    return y",
        "finally with a handler": "try:\n        y = picky(n)\n    except ValueError as e:\n        y = str(e)\n    finally:\n        note('done')\n    return y",
        "finally that fails": "try:\n        y = add(n)\n    finally:\n        fail(n)\n    return y",
        "finally after failing glue": "try:\n        y = xs[2]\n    finally:\n        note('done')\n    return y",
        "finally that binds": "try:\n        note(n)\n    finally:\n        y = add(n)\n    return y",
        "finally in a handler": "try:\n        try:\n            y = picky(n)\n        finally:\n            note(1)\n"
        "    except ValueError:\n        y = 0\n    return y",
        "finally that raises in a handler": "try:\n        try:\n            y = picky(n)\n        finally:\n            z = fail(n)\n"
        "    except ValueError as e:\n        y = str(e)\n    return y",
        "finally in a map": "out = []\n    for x in xs:\n        try:\n            y = double(x)\n        finally:\n            note(x)\n"
        "        out.append(y)\n    return out",
        "finally in a branch": "y = 0\n    if flag:\n        try:\n            y = picky(n)\n        finally:\n            note(n)\n    return y",
        "finally of nothing": "try:\n        y = n\n    finally:\n        note(n)\n    return y",
        "finally of glue": "try:\n        y = double(n)\n    finally:\n        z = n + 1\n    return y, z",
        "return in finally's try": "try:\n        return picky(n)\n    finally:\n        note(n)",
        "a branch in finally": "try:\n        y = add(n)\n    finally:\n        if flag:\n            note(n)\n    return y",
        "a map in finally": "try:\n        y = add(n)\n    finally:\n        for x in xs:\n            note(x)\n    return y",
        "nothing to catch": "try:\n        y = n\n    except ValueError:\n        y = 1\n    else:\n        y = add(y)\n    return y",
        "try values that both need": "x = add(n)\n    try:\n        y = picky(x)\n    except ValueError:\n        y = double(x)\n    return x, y",
        # expressions
        "chained with steps": "return 1 < add(n) < double(n) < 100",
        "is": "return flag is True, n is None, (n is not False)",
        "stars in displays": "return [*xs, add(n), *numbers(2)], (*xs, 1), {**{'a': 1}, 'b': add(1)}",
        "walk of text": "return [c.upper() for c in text] + [show(text=c) for c in 'ab']",
        "sorted items": "return [double(x) for x in sorted(xs, reverse=True)]",
        "augmented": "x = n\n    x += 1\n    x *= 2\n    return x",
        # sub-pipelines
        "sub-pipeline": "return inner(n, scale=3)",
        "sub-pipelines": "a = inner(n)\n    b = inner(a)\n    return a, b, twice(b)",
        "sub-pipeline in a map": "return [inner(x) for x in xs]",
        "sub-pipeline in a branch": "if flag:\n        y = inner(n)\n    else:\n        y = twice(n)\n    return y",
        "sub-pipeline for its effect": "noting(n)\n    return add(n)",
        "sub-pipeline that fails": "return failing(n)",
    },
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
    (tmp_path / "headrace.toml").write_text('pipelines = ["inner", "twice", "noting", "failing"]\n')
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
