"""What the frontend refuses, where and how."""

from pathlib import Path

import pytest

from headrace.compiler import driver

STEPS = """
import math
import numpy as np
from pathlib import Path
from typing import NamedTuple
COUNTER = 0
COUNTER = 1
class Model: pass
def one(x, y=1): return x
def keyword(*, a): return a
def open_ended(*args, **kwargs): return args
async def later(x): return x
def stream(x): yield x
def two(x) -> tuple[int, int]: return x, x
def typed(x: int) -> int: return x
def texts(xs: list[str]) -> list[str]: return xs
def path(x: int) -> Path: return Path("a")
class Record(NamedTuple):
    size: int
def record(x: int) -> Record: return Record(x)
"""

REFUSED = {
    "break": ("for x in [1]:\n        break", "HR102", "break"),
    "return in a loop": ("for x in [1]:\n        return one(x)", "HR102", "return one"),
    "loop target": ("for x.y in [1]: one(1)", "HR102", "x.y"),
    "pattern": ("match one(1):\n        case [a, b]: one(a)", "HR102", "[a, b]"),
    "delete": ("x = one(1)\n    del x", "HR102", "del x"),
    "raise a value": ("x = one(1)\n    raise x", "HR102", "raise x"),
    "raise a step": ("raise one(1)", "HR102", "raise one"),
    "any over steps": ("return any(one(x) for x in [1])", "HR102", "(one(x) for"),
    "carried": ("x = 1\n    for i in one(3):\n        x = one(x)\n    return x", "HR106", "x)"),
    "carried list": ("xs = []\n    for i in one(3):\n        xs.append(len(xs))", "HR106", "xs))"),
    "last turn": ("for i in one(3):\n        x = one(i)\n    return x", "HR106", "x = one"),
    "too many turns": ("x = 1\n    for i in range(101): x = one(x)\n    return x", "HR106", "x)"),
    "list known elsewhere": ("xs = []\n    ys = xs\n    xs.append(1)", "HR106", "xs.app"),
    "list of a step": ("xs = one([])\n    for x in [1]: xs.append(x)", "HR106", "xs.app"),
    "append to a dict": ("xs = {}\n    xs.append(1)", "HR106", "xs.app"),
    "element of a list": ("xs = [1]\n    xs[0] = 2", "HR106", "xs[0]"),
    "too many ways": (
        "\n    ".join(f"if n > {i}:\n        if one({i}): return {i}" for i in range(70)),
        "HR102",
        "if n",
    ),
    "list of a loop that an exception stops": (
        "xs = []\n    try:\n        for i in one(3): xs.append(one(i))\n"
        "    except KeyError: pass\n    return xs",
        "HR202",
        "xs",
    ),
    "name of a loop": ("for x in one(1): one(x)\n    return x", "HR106", "x in"),
    "while": ("while True: pass", "HR102", "while"),
    "with": ("with open('a') as f: pass", "HR102", "with"),
    "handler of a value": ("try:\n        x = one(1)\n    except n: pass", "HR102", "n:"),
    "raise nothing": ("raise", "HR102", "raise"),
    "return on some ways of try": (
        "try:\n        if n: return 1\n        x = one(1)\n    except KeyError: x = 2\n"
        "    return x",
        "HR102",
        "return 1",
    ),
    "unbound in a handler": (
        "try:\n        x = one(1)\n        y = one(x)\n    except KeyError: y = x\n    return y",
        "HR202",
        "x\n",
    ),
    "changed twice in a try": (
        "try:\n        x = one(1)\n        for i in one(2): x = one(i)\n"
        "    except KeyError: x = 1\n    return x",
        "HR106",
        "x = one",
    ),
    "unbound in a cleanup": (
        "try:\n        x = one(1)\n    finally:\n        one(x)",
        "HR202",
        "x)",
    ),
    "name of a handler after it": (
        "try:\n        x = one(1)\n    except KeyError as e: x = 2\n    return x, e",
        "HR202",
        "e\n",
    ),
    "text for a number": ("return typed('a')", "HR308", "'a')"),
    "number for a text": ("x = typed(n)\n    return texts([x])", "HR308", "[x]"),
    "None for a number": ("return typed(None)", "HR308", "None"),
    "loop over a number": ("return [one(x) for x in typed(1)]", "HR308", "typed(1)"),
    "loop over a parameter": ("for x in n: one(x)", "HR308", "n:"),
    "no such field": ("r = record(1)\n    return r.siez", "HR308", "r.siez"),
    "artifact in a condition": ("if path(1): one(1)", "HR309", "path(1)"),
    "artifact in and": ("return path(1) and one(1)", "HR309", "path(1) and"),
    "change in place": ("x = one(1)\n    x += [1, *x]\n    return x", "HR106", "x += ["),
    "change of what is unknown": ("x = one(1)\n    x += x\n    return x", "HR310", "x += x"),
    "change of a list": ("x = texts(['a'])\n    x *= 2\n    return x", "HR310", "x *= 2"),
    "augmented element": ("x = [1]\n    x[0] += 1", "HR102", "x[0]"),
    "attribute assignment": ("r = one(1)\n    r.x = 2", "HR102", "r.x"),
    "lambda": ("return one(lambda: 1)", "HR102", "lambda"),
    "walrus": ("return (x := one(1))", "HR102", "x := one"),
    "private attribute": ("return one(1).__class__", "HR102", "one(1).__class__"),
    "bytes": ("return one(b'a')", "HR102", "b'a'"),
    "thrown away": ("one(1) + 1", "HR102", "one(1) + 1"),
    "unknown name": ("return one(m)", "HR201", "m)"),
    "step of the same name": ("one = one(1)\n    return one", "HR201", "one(1)"),
    "read too early": ("y = one(x)\n    x = 1\n    return y", "HR201", "x)"),
    "too deep": ("return " + " + ".join(["n"] * 600), "HR102", "return n"),
    "library constant": ("return one(math.pi)", "HR201", "math.pi"),
    "reassigned constant": ("return one(COUNTER)", "HR201", "COUNTER"),
    "some arms": ("if n:\n        x = one(1)\n    return x", "HR202", "x\n"),
    "library call": ("return np.mean([1])", "HR203", "np.mean"),
    "builtin that acts": ("return open('a')", "HR203", "open"),
    "insert": ("xs = []\n    xs.insert(0, 1)\n    return xs", "HR203", "xs.insert"),
    "itself": ("return pipeline(1)", "HR207", "pipeline"),
    "unknown keyword": ("return one(1, z=2)", "HR204", "z=2"),
    "too many": ("return one(1, 2, 3)", "HR204", "3)"),
    "missing": ("return one()", "HR204", "one()"),
    "twice": ("return one(1, x=2)", "HR204", "x=2"),
    "class": ("return Model()", "HR205", "Model"),
    "async": ("return later(1)", "HR205", "later"),
    "generator": ("return stream(1)", "HR205", "stream"),
    "stars": ("return one(*[1])", "HR206", "*[1]"),
    "star keywords": ("return one(**{'x': 1})", "HR206", "{'x'"),
    "any number": ("return open_ended(1)", "HR206", "1)"),
    "wrong unpacking": ("a, b, c = two(1)\n    return a", "HR301", "a, b, c"),
    "iterator": ("z = zip([1], [2])\n    return list(z)", "HR302", "zip"),
    "identity": ("return one(1) is n", "HR303", "one(1) is n"),
}


def compiled(folder: Path, body: str, header: str = "n: int = 1") -> driver.Compilation:
    """Compile a pipeline of `body`."""
    path = folder / "refused.py"
    path.write_text(f"{STEPS}\ndef pipeline({header}):\n    {body}\n")
    return driver.compile_source(path)


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    body, code, at = REFUSED[name]
    compilation = compiled(tmp_path, body)
    assert compilation.pipeline is None
    (found,) = compilation.diagnostics
    assert found.code == code
    assert found.hint
    assert found.span is not None
    line = (tmp_path / "refused.py").read_text().split("\n")[found.span.line - 1]
    assert f"{line[found.span.column - 1 :]}\n".startswith(at)


def test_all_problems_are_shown_at_once_and_none_twice(tmp_path: Path) -> None:
    body = "a = onne(1)\n    while a: a = 2\n    b = one(a, q=1)\n    return b, c"
    compilation = compiled(tmp_path, body)
    assert [d.code for d in compilation.diagnostics] == ["HR203", "HR102", "HR204", "HR201"]


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("", "HR103"),
        ("def pipline(): pass", "HR103"),
        ("async def pipeline(): pass", "HR104"),
        ("@print\ndef pipeline(): pass", "HR104"),
        ("def pipeline(*args): pass", "HR104"),
        ("def pipeline(headrace_store): pass", "HR104"),
        ("def pipeline(x=print): pass", "HR304"),
        ("def pipeline(:", "HR101"),
        ("x = '\0'", "HR101"),
        ("# coding: nonsense\n", "HR101"),
    ],
)
def test_refused_modules(source: str, code: str, tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(source)
    compilation = driver.compile_source(path)
    assert compilation.pipeline is None
    assert [d.code for d in compilation.diagnostics] == [code]


def test_compiling_cannot_be_made_to_compute_for_long(tmp_path: Path) -> None:
    body = "return one(10 ** 10 ** 10), one('a' * 10 ** 12), [one(x) for x in range(10 ** 12)]"
    assert compiled(tmp_path, body).pipeline is not None


HELPERS = (
    "SIZES = (1, 2)\nNAME = 'a'\nROWS = [1]\nMADE = open('a')\nCHANGED = 1\ndef one(x): return x\n"
)


@pytest.mark.parametrize(
    ("read", "found"),
    [
        ("helpers.NAME", ""),
        ("pk.inner.LIMIT + len(helpers.NAME)", ""),
        ("[helpers.one(x) for x in helpers.SIZES]", ""),
        ("helpers.ROWS", "`helpers.ROWS` can be changed by other code that uses it"),
        ("helpers.MADE", "`helpers.MADE` is not a value that a pipeline can read"),
        ("helpers.CHANGED", "`helpers.CHANGED` is not a value that a pipeline can read"),
        ("math.pi", "`math.pi` is not a value that a pipeline can read"),
    ],
)
def test_constants_of_first_party_modules_by_their_dotted_names(
    tmp_path: Path, read: str, found: str
) -> None:
    (tmp_path / "helpers.py").write_text(HELPERS)
    (tmp_path / "pk").mkdir()
    (tmp_path / "pk" / "__init__.py").write_text("")
    (tmp_path / "pk" / "inner.py").write_text("LIMIT = 3\n")
    path = tmp_path / "work.py"
    path.write_text(
        "import math\nimport helpers\nimport pk.inner\nhelpers.CHANGED = 2\n"
        f"def pipeline():\n    return helpers.one({read})\n"
    )
    compilation = driver.compile_source(path)
    assert [d.message for d in compilation.diagnostics] == ([found] if found else [])


@pytest.mark.parametrize(
    ("imports", "read", "code", "hint"),
    [
        ("from helpres import one", "one(1)", "HR203", 'no module `helpres`: did you mean "help'),
        (
            "from helpers import onee",
            "onee(1)",
            "HR201",
            '`helpers` has no `onee`: did you mean "o',
        ),
        ("from helpers import NAM", "len(NAM)", "HR201", '`helpers` has no `NAM`: did you mean "N'),
        ("import helpers", "helpers.onee(1)", "HR201", '`helpers` has no `onee`: did you mean "o'),
        ("import helpers", "len(helpers.NAM)", "HR201", '`helpers` has no `NAM`: did you mean "N'),
        (
            "from again import unheard",
            "unheard(1)",
            "HR201",
            "`helpers` has no `unheard`: define it there",
        ),
        ("from pk.iner import x", "x(1)", "HR201", 'there is no module `pk.iner`: did you mean "i'),
        ("from .helpers import one", "one(1)", "HR201", "`.helpers` leads out of the package"),
        ("from . import helpers", "helpers.one(1)", "HR201", "`.` leads out of the package"),
        ("from broken import f", "f(1)", "HR101", "correct it"),
        ("from broken import f", "len(f)", "HR101", "correct it"),
        ("import broken", "broken.f(1) + broken.X", "HR101", "correct it"),
        ("from numpy import zeros", "zeros(1)", "HR203", "wrap it in a function of your own"),
        ("from dynamic import any_name", "any_name(1)", "HR203", "wrap it in a function"),
        ("", "isinstance(1, int)", "HR203", "wrap it in a function of your own"),
        ("", "len([int])", "HR201", "call it"),
        ("", "len([open])", "HR201", "use it in a step"),
    ],
)
def test_what_an_import_cannot_find(
    tmp_path: Path, imports: str, read: str, code: str, hint: str
) -> None:
    (tmp_path / "helpers.py").write_text(HELPERS)
    (tmp_path / "again.py").write_text("from helpers import unheard\n")
    (tmp_path / "dynamic.py").write_text("def __getattr__(name): return len\n")
    (tmp_path / "broken.py").write_text("def f(:\n")
    (tmp_path / "pk").mkdir()
    (tmp_path / "pk" / "__init__.py").write_text("")
    (tmp_path / "pk" / "inner.py").write_text("LIMIT = 3\n")
    path = tmp_path / "work.py"
    path.write_text(f"{imports}\ndef pipeline():\n    return {read}\n")
    [finding] = driver.compile_source(path).diagnostics
    assert finding.code == code
    assert hint in finding.hint


def test_a_star_import_of_a_first_party_module_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").write_text(HELPERS)
    path = tmp_path / "work.py"
    path.write_text("from helpers import *\ndef pipeline():\n    return one(NAME)\n")
    assert list(driver.compile_source(path).diagnostics) == []
