"""Warnings of state that Python shares between calls and steps in containers do not."""

from pathlib import Path

import pytest

from headrace.compiler import driver
from headrace.compiler.diagnostics import Diagnostic, Severity

TWO = "def pipeline():\n    change(1)\n    return read(1)\n"
TWICE = "def pipeline():\n    return step(1), step(2)\n"
MAPPED = "def pipeline():\n    return [step(x) for x in [1, 2]]\n"


def found(folder: Path, text: str, **others: str) -> list[Diagnostic]:
    for name, other in others.items():
        (folder / f"{name}.py").write_text(other)
    (folder / "p.py").write_text(text)
    compilation = driver.compile_source(folder / "p.py")
    findings = driver.findings(compilation)
    assert all(f.severity is Severity.WARNING for f in findings), findings
    return findings


def text_of(folder: Path, finding: Diagnostic) -> str:
    span = finding.span
    assert span is not None
    line = (folder / span.path).read_text().split("\n")[span.line - 1]
    return line[span.column - 1 : span.end_column - 1]


def steps(change: str, read: str, top: str = "") -> str:
    return f"{top}\ndef change(x):\n    {change}\ndef read(x):\n    {read}\n{TWO}"


def step(body: str, top: str = "", pipeline: str = TWICE) -> str:
    return f"{top}\ndef step(x):\n    {body}\n{pipeline}"


ITEMS = "ITEMS = []"
TABLE = "TABLE = {}"
NUMBER = "N = 0"
OBJECT = "class State:\n    n = 0\n    def __init__(self): self.n = 1\nS = State()"

LOST = {
    "bound anew": (steps("global N\n    N = x", "return N", NUMBER), "N"),
    "bound first in a step": (steps("global N\n    N = x", "return N"), "N"),
    "augmented": (steps("global N\n    N += x", "return N", NUMBER), "N"),
    "deleted": (steps("global N\n    del N", "return N", NUMBER), "N"),
    "walrus": (steps("global N\n    return (N := x)", "return N", NUMBER), "N"),
    "append": (steps("ITEMS.append(x)", "return ITEMS", ITEMS), "ITEMS.append"),
    "item": (steps("TABLE[x] = 1", "return TABLE[x]", TABLE), "TABLE[x]"),
    "item within": (steps("TABLE['a'][x] = 1", "return TABLE", TABLE), "TABLE['a'][x]"),
    "append within": (
        steps("TABLE['a'].append(x)", "return TABLE", TABLE),
        "TABLE['a'].append",
    ),
    "deleted item": (steps("del TABLE[x]", "return len(TABLE)", TABLE), "TABLE[x]"),
    "update": (steps("TABLE.update(a=x)", "return TABLE.get(x)", TABLE), "TABLE.update"),
    "attribute": (steps("S.n = x", "return S.n", OBJECT), "S.n"),
    "attribute of a class": (steps("State.n += x", "return State.n", OBJECT), "State.n"),
    "attribute of a function": (steps("change.n = x", "return change.n"), "change.n"),
    "list of an object": (steps("S.n.append(x)", "return S.n[0]", OBJECT), "S.n.append"),
    "array": (steps("N[0] = x", "return N", "import numpy\nN = numpy.zeros(3)"), "N[0]"),
    "only checked elsewhere": (
        steps("global N\n    N = x", "if N is None: raise ValueError", NUMBER),
        "N",
    ),
    "in a lambda": (
        steps("f = lambda y: ITEMS.append(y)\n    f(x)", "return ITEMS", ITEMS),
        "ITEMS.",
    ),
    "in a function within": (
        steps("def f():\n        global N\n        N = x\n    f()", "return N", NUMBER),
        "N",
    ),
    "through helpers": (
        steps(
            "a(x)",
            "return b()",
            "N = 0\ndef a(x): c(x)\ndef c(x):\n    global N\n    N = x\ndef b(): return N",
        ),
        "N",
    ),
    "through a helper that is passed": (
        steps("list(map(a, [x]))", "return ITEMS", "ITEMS = []\ndef a(x): ITEMS.append(x)"),
        "ITEMS.append",
    ),
    "through a method": (
        steps(
            "C().add(x)",
            "c = C()\n    return c.all()",
            "ITEMS = []\nclass B:\n    def add(self, x): ITEMS.append(x)\n"
            "class C(B):\n    def all(self): return self._all()\n    def _all(self): return ITEMS",
        ),
        "ITEMS.append",
    ),
    "through a constructor": (
        steps(
            "C()",
            "return N",
            "N = 0\nclass C:\n    def __init__(self):\n        global N\n        N += 1",
        ),
        "N",
    ),
    "cache read elsewhere": (
        steps("if x not in TABLE: TABLE[x] = 1\n    return TABLE[x]", "return TABLE.get(x)", TABLE),
        "TABLE[x]",
    ),
    "lazy value read elsewhere": (
        steps("global N\n    if N is None: N = x\n    return N", "return N", "N = None"),
        "N",
    ),
    "environment": (
        steps("os.environ['A'] = '1'", "return os.getenv('A')", "import os"),
        "os.environ['A']",
    ),
    "environment by a constant": (
        steps(
            "environ.update({KEY: '1'})", "return environ[KEY]", "from os import environ\nKEY = 'A'"
        ),
        "environ.update",
    ),
    "environment by a local import": (
        steps(
            "import os\n    os.environ['A'] = '1'", "import os as o\n    return 'A' in o.environ"
        ),
        "os.environ['A']",
    ),
    "next call: counter": (step("global N\n    N += 1\n    return N", NUMBER), "N"),
    "next call: counter written out": (step("global N\n    N = N + 1\n    return N", NUMBER), "N"),
    "next call: last value": (step("global N\n    y = N\n    N = x\n    return y", NUMBER), "N"),
    "next call: seen before": (
        step("if x in ITEMS: return 0\n    ITEMS.append(x)\n    return 1", ITEMS, MAPPED),
        "ITEMS.append",
    ),
    "next call: counts": (
        step("TABLE[x] = TABLE.get(x, 0) + 1\n    return TABLE[x]", TABLE),
        "TABLE[x]",
    ),
    "next call: pop": (step("return ITEMS.pop()", "ITEMS = [1, 2]"), "ITEMS.pop"),
    "next turn of a loop": (
        steps("ITEMS.append(x)", "return ITEMS", ITEMS).replace(
            TWO, "def pipeline():\n    for x in [1, 2]:\n        read(x)\n        change(x)\n"
        ),
        "ITEMS.append",
    ),
    "a branch between": (
        steps("ITEMS.append(x)", "return ITEMS", ITEMS).replace(
            TWO, "def pipeline(f: bool = True):\n    if f: change(1)\n    return read(1)\n"
        ),
        "ITEMS.append",
    ),
    "a cleanup": (
        steps("ITEMS.append(x)", "return ITEMS", ITEMS).replace(
            TWO, "def pipeline():\n    try:\n        change(1)\n    finally:\n        read(1)\n"
        ),
        "ITEMS.append",
    ),
    "a sub-pipeline": (
        steps("ITEMS.append(x)", "return ITEMS", ITEMS).replace(
            TWO,
            "def pipeline():\n    inner()\n    return read(1)\n"
            '# /// script\n# [tool.headrace]\n# pipelines = ["inner"]\n# ///\n'
            "def inner():\n    change(1)\n",
        ),
        "ITEMS.append",
    ),
}


@pytest.mark.parametrize("case", LOST)
def test_lost_state_is_found_where_it_is_changed(tmp_path: Path, case: str) -> None:
    text, place = LOST[case]
    [finding] = found(tmp_path, text)
    assert finding.code == "HR305"
    assert text_of(tmp_path, finding).startswith(place)


SILENT = {
    "never read": steps("ITEMS.append(x)", "return 1", ITEMS),
    "read by no step": steps(
        "ITEMS.append(x)", "return 1", "ITEMS = []\ndef other(): return ITEMS"
    ),
    "counter that no one reads": step("global N\n    N = N + 1", NUMBER),
    "never changed by a step": steps("return x", "return ITEMS", "ITEMS = []\nITEMS.append(1)"),
    "changed by no step": steps(
        "return x", "return ITEMS", "ITEMS = []\ndef add(): ITEMS.append(1)\nadd()"
    ),
    "own variable": steps("N = x\n    N += 1", "return N", NUMBER),
    "own list": steps("ITEMS = []\n    ITEMS.append(x)", "return ITEMS", ITEMS),
    "parameter of the name": steps(
        "return f([])", "return ITEMS", "ITEMS = []\ndef f(ITEMS):\n    ITEMS.append(1)"
    ),
    "variable of a comprehension": steps("[N.append(1) for N in [[]]]", "return N", "N = []"),
    "variable of a function around": steps(
        "N = []\n    def f(): N.append(x)\n    f()", "return N", "N = []"
    ),
    "read before": steps("ITEMS.append(x)", "return ITEMS", ITEMS).replace(
        TWO, "def pipeline():\n    read(1)\n    return change(1)\n"
    ),
    "in the other arm": steps("ITEMS.append(x)", "return ITEMS", ITEMS).replace(
        TWO, "def pipeline(f: bool = True):\n    return change(1) if f else read(1)\n"
    ),
    "one call": step(
        "global N\n    N += 1\n    return N", NUMBER, "def pipeline():\n    return step(1)\n"
    ),
    "cache": step("if x not in TABLE: TABLE[x] = x * 2\n    return TABLE[x]", TABLE, MAPPED),
    "cache with get": step(
        "y = TABLE.get(x)\n    if y is None:\n        y = TABLE[x] = 1\n    return y", TABLE, MAPPED
    ),
    "cache with setdefault": step("return TABLE.setdefault(x, x * 2)", TABLE, MAPPED),
    "cache with try": step(
        "try: return TABLE[x]\n    except KeyError: pass\n    TABLE[x] = 1\n    return 1",
        TABLE,
        MAPPED,
    ),
    "cache of two steps": steps(
        "return f(x)",
        "return f(x)",
        "TABLE = {}\ndef f(x):\n    if x in TABLE: return TABLE[x]\n"
        "    TABLE[x] = f(x - 1)\n    return TABLE[x]",
    ),
    "lazy value": step("global N\n    if N is None: N = x\n    return N", "N = None", MAPPED),
    "lazy value, left early": step(
        "global N\n    if N is not None: return N\n    N = x\n    return N", "N = None", MAPPED
    ),
    "lazy value by or": step("global N\n    N = N or x\n    return N", "N = None", MAPPED),
    "lazy value of two steps": steps(
        "return f()",
        "return f()",
        "N = None\ndef f():\n    global N\n    if not N: N = 1\n    return N",
    ),
    "set up by each": steps(
        "f()\n    return N", "f()\n    return N", "N = None\ndef f():\n    global N\n    N = 1"
    ),
    "emptied before": step("ITEMS.clear()\n    ITEMS.append(x)\n    return ITEMS", ITEMS),
    "functools": step(
        "return f(x)", "import functools\n@functools.cache\ndef f(x): return x", MAPPED
    ),
    "logger": steps(
        "LOG.setLevel(1)\n    LOG.propagate = False",
        "LOG.info(x)",
        "import logging\nLOG = logging.getLogger()",
    ),
    "library": steps(
        "random.x = 1\n    numpy.x = 1", "return random.random(), numpy.x", "import random, numpy"
    ),
    "object with methods of such names": steps(
        "BAR.update(1)", "return BAR.n", "import tqdm\nBAR = tqdm.tqdm()"
    ),
    "another attribute": steps("S.n = x", "return S.m", OBJECT),
    "annotation only": steps("N: int\n    return x", "return N", NUMBER),
    "setting of a variable": steps("os.environ['A'] = '1'", "return os.getenv('B')", "import os"),
    "variable set by both": steps(
        "os.environ.setdefault('A', '1')",
        "os.environ['A'] = '1'\n    return os.environ['A']",
        "import os",
    ),
    "variable set if absent": steps(
        "if 'A' not in os.environ: os.environ['A'] = '1'",
        "if not os.getenv('A'): os.environ['A'] = '1'",
        "import os",
    ),
    "variable put back": step(
        "old = os.environ['A']\n    os.environ['A'] = '1'\n    os.environ['A'] = old", "import os"
    ),
    "variable without a name": steps("os.environ[x] = '1'", "return os.environ[x]", "import os"),
    "putenv, which environ does not show": steps(
        "os.putenv('A', '1')", "return os.getenv('A')", "import os"
    ),
    "working folder": steps("os.chdir('/tmp')", "return os.getcwd()", "import os"),
    "path of imports": steps("sys.path.insert(0, 'a')", "return sys.path", "import sys"),
}


@pytest.mark.parametrize("case", SILENT)
def test_what_is_not_shared_gives_no_warning(tmp_path: Path, case: str) -> None:
    assert found(tmp_path, SILENT[case]) == []


CONFIG = "RATE = 1\nITEMS = []\ndef tune(x):\n    global RATE\n    RATE = x\n"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (steps("config.RATE = x", "return config.RATE", "import config"), "config.RATE"),
        (steps("config.NEW = x", "return config.NEW", "import config"), "config.NEW"),
        (
            steps(
                "config.ITEMS.append(x)", "return ITEMS", "import config\nfrom config import ITEMS"
            ),
            "config.ITEMS.append",
        ),
        (
            steps("ITEMS.append(x)", "return config.ITEMS", "import config\nfrom config import *"),
            "ITEMS.append",
        ),
        (steps("config.tune(x)", "return config.RATE", "import config"), "RATE"),
        (
            steps("import config as c\n    c.RATE = x", "from config import RATE\n    return RATE"),
            "c.RATE",
        ),
        (
            steps("from config import tune\n    tune(x)", "return config.RATE", "import config"),
            "RATE",
        ),
    ],
)
def test_state_of_another_module(tmp_path: Path, text: str, place: str) -> None:
    [finding] = found(tmp_path, text, config=CONFIG)
    assert finding.code == "HR305"
    assert text_of(tmp_path, finding) == place


def test_a_name_imported_from_a_module_keeps_its_value(tmp_path: Path) -> None:
    # `from config import RATE` binds a name of its own, also under CPython.
    text = steps("config.tune(x)", "return RATE", "import config\nfrom config import RATE")
    assert found(tmp_path, text, config=CONFIG) == []


def test_the_pipeline_itself_reads_no_state_that_a_step_changes(tmp_path: Path) -> None:
    text = (
        "N = 0\ndef step():\n    global N\n    N = 1\ndef pipeline():\n    step()\n    return N\n"
    )
    (tmp_path / "p.py").write_text(text)
    codes = [finding.code for finding in driver.compile_source(tmp_path / "p.py").diagnostics]
    assert codes == ["HR201"]


def test_what_is_said_of_lost_state(tmp_path: Path) -> None:
    text = steps("ITEMS.append(x)", "return ITEMS", ITEMS)
    [finding] = found(tmp_path, text)
    assert finding.message == "`ITEMS` is changed by `change`, and `read` does not see it"
    assert finding.hint == "return it from `change`, and pass it to `read`"
    assert [(r.span.line, r.span.column, r.message) for r in finding.related] == [
        (5, 12, "read here"),
        (7, 5, "`change` runs in a process of its own"),
        (8, 12, "`read` runs in a process of its own"),
    ]
    [finding] = found(tmp_path, LOST["environment"][0])
    assert finding.message.startswith('`os.environ["A"]` is changed')
    assert finding.hint.endswith("or set it under `env` in the configuration")
    [finding] = found(tmp_path, LOST["next call: pop"][0])
    assert finding.message == "`ITEMS` is changed by `step`, and its next call does not see it"


def test_each_name_is_reported_once_for_a_function_that_changes_it(tmp_path: Path) -> None:
    text = step("ITEMS.append(x)\n    ITEMS.append(x)\n    return ITEMS", ITEMS)
    readers = "def pipeline():\n    return step(1), step(2), step(3), [step(x) for x in [1, 2]]\n"
    assert len(found(tmp_path, text.replace(TWICE, readers))) == 1


def test_a_comment_silences_it(tmp_path: Path) -> None:
    comment = "  # headrace: ignore[HR305]"
    assert found(tmp_path, steps(f"ITEMS.append(x){comment}", "return ITEMS", ITEMS)) == []
    # Another pipeline that runs the step may need the comment.
    assert found(tmp_path, steps(f"ITEMS.append(x){comment}", "return 1", ITEMS)) == []
    unneeded = TWO.replace("change(1)", f"change(1){comment}")
    [finding] = found(tmp_path, steps("return x", "return 1").replace(TWO, unneeded))
    assert finding.code == "HR105"


# --- mutable defaults ----------------------------------------------------------------------------

LOST_DEFAULTS = {
    "append": ("def step(x, seen=[]):\n    seen.append(x)\n    return seen\n", TWICE),
    "keyword only": ("def step(x, *, seen={}):\n    seen[x] = 1\n    return len(seen)\n", MAPPED),
    "augmented": ("def step(x, seen=[]):\n    seen += [x]\n    return seen\n", TWICE),
    "made by a call": ("def step(x, seen=set()):\n    seen.add(x)\n    return len(seen)\n", TWICE),
    "one call of two gives it": (
        "def step(x, seen=[]):\n    seen.append(x)\n    return seen\n",
        "def pipeline():\n    return step(1), step(2, []), step(3)\n",
    ),
}


@pytest.mark.parametrize("case", LOST_DEFAULTS)
def test_a_mutable_default_that_is_changed(tmp_path: Path, case: str) -> None:
    [finding] = found(tmp_path, "".join(LOST_DEFAULTS[case]))
    assert finding.code == "HR306"
    assert finding.span is not None
    assert (finding.span.line, finding.span.column) == (2, 5)
    assert finding.related[0].span.line == 3


SILENT_DEFAULTS = {
    "only read": ("def step(x, seen=[]):\n    return [*seen, x]\n", TWICE),
    "only changed": ("def step(x, seen=[]):\n    seen.append(x)\n", TWICE),
    "copied first": (
        "def step(x, seen=[]):\n    seen = list(seen)\n    seen.append(x)\n    return seen\n",
        TWICE,
    ),
    "none": (
        "def step(x, seen=None):\n    seen = seen or []\n    seen.append(x)\n    return seen\n",
        TWICE,
    ),
    "one call": (LOST_DEFAULTS["append"][0], "def pipeline():\n    return step(1)\n"),
    "one call without it": (
        LOST_DEFAULTS["append"][0],
        "def pipeline():\n    return step(1), step(2, [])\n",
    ),
    "cache": (
        "def step(x, seen={}):\n    if x not in seen: seen[x] = 1\n    return seen[x]\n",
        MAPPED,
    ),
    "one arm each": (
        LOST_DEFAULTS["append"][0],
        "def pipeline(f: bool = True):\n    return step(1) if f else step(2)\n",
    ),
}


@pytest.mark.parametrize("case", SILENT_DEFAULTS)
def test_a_default_that_keeps_nothing(tmp_path: Path, case: str) -> None:
    assert found(tmp_path, "".join(SILENT_DEFAULTS[case])) == []


# --- sets ----------------------------------------------------------------------------------------


def sets(body: str, annotation: str = "set[str]") -> str:
    return (
        "import typing\nfrom collections.abc import Set\n"
        f"def tags() -> {annotation}: return {{'a', 'b'}}\ndef up(x): return x\n"
        f"def pipeline(xs: list[str] = ['a']):\n    {body}\n"
    )


UNORDERED = {
    "map": ("return [up(t) for t in tags()]", "tags()"),
    "map over a name": ("names = tags()\n    return [up(t) for t in names]", "names"),
    "map of a map": ("return [up(x + t) for x in xs for t in tags()]", "tags()"),
    "for": ("out = []\n    for t in tags():\n        out.append(up(t))\n    return out", "tags()"),
    "list": ("return list(tags())", "tags()"),
    "index": ("return list(tags())[0]", "tags()"),
    "tuple": ("names = tags()\n    return tuple(names)", "names"),
    "join": ("return ', '.join(tags())", "tags()"),
    "join of a generator": (
        "names = tags()\n    return ', '.join(n.upper() for n in names)",
        "names",
    ),
    "enumerate": ("return [up(t) for i, t in enumerate(tags())]", "tags()"),
    "star": ("return [*tags(), 'c']", "tags()"),
}


@pytest.mark.parametrize("case", UNORDERED)
def test_the_order_of_a_set_shows(tmp_path: Path, case: str) -> None:
    body, place = UNORDERED[case]
    [finding] = found(tmp_path, sets(body))
    assert finding.code == "HR307"
    assert text_of(tmp_path, finding) == place
    assert finding.hint == f"give it an order: `sorted({place})`"
    [related] = finding.related
    assert related.span.line == 3


MADE_HERE = {
    "display": ("return [up(t) for t in {up('a'), up('b')}]", "{up('a'), up('b')}"),
    "texts": ("return list({'a', 'b'})", "{'a', 'b'}"),
    "numbers": ("return [up(x) for x in {3, 1}]", "{3, 1}"),
    "comprehension": ("names = {up(x) for x in xs}\n    return list(names)", "names"),
    "call": ("return [up(x) for x in set(xs)]", "set(xs)"),
}


@pytest.mark.parametrize("case", MADE_HERE)
def test_the_order_of_a_set_made_in_the_body_shows(tmp_path: Path, case: str) -> None:
    body, place = MADE_HERE[case]
    [finding] = found(tmp_path, sets(body, "list[str]"))
    assert finding.code == "HR307"
    assert text_of(tmp_path, finding) == place
    assert len(finding.related) == (case == "comprehension")


@pytest.mark.parametrize(
    "body",
    [
        "return sorted({up(x) for x in xs}), len(set(xs)), 'a' in {'a', 'b'}",
        "names = {up(x) for x in xs}\n    return names, up(names), max(names)",
    ],
)
def test_the_order_of_a_set_made_in_the_body_does_not_show(tmp_path: Path, body: str) -> None:
    assert found(tmp_path, sets(body, "list[str]")) == []


@pytest.mark.parametrize(
    "annotation",
    ["set", "frozenset[str]", "'set[str]'", "typing.Set[str]", "Set[tuple[str, int]]", "set[int]"],
)
def test_annotations_of_sets(tmp_path: Path, annotation: str) -> None:
    assert [f.code for f in found(tmp_path, sets(UNORDERED["map"][0], annotation))] == ["HR307"]


@pytest.mark.parametrize("annotation", ["list[str]", "dict[str, set[str]]", "'a b'"])
def test_annotations_of_what_has_an_order(tmp_path: Path, annotation: str) -> None:
    assert found(tmp_path, sets(UNORDERED["map"][0], annotation)) == []


@pytest.mark.parametrize(
    "body",
    [
        "return [up(t) for t in sorted(tags())]",
        "return sorted(tags()), len(tags()), max(tags())",
        "names = tags()\n    return sorted([n.upper() for n in names])",
        "names = tags()\n    return sum(len(n) for n in names)",
        "return sorted(list(tags()))",
        "return 'a' in tags()",
        "for t in tags():\n        up(t)",
        "names = tags()\n    names = up(names)\n    return list(names)",
    ],
)
def test_the_order_of_a_set_does_not_show(tmp_path: Path, body: str) -> None:
    assert found(tmp_path, sets(body)) == []


def test_the_order_of_a_set_in_a_sub_pipeline(tmp_path: Path) -> None:
    inner = "def tags() -> set[str]: return {'a'}\ndef pipeline():\n    return list(tags())\n"
    main = "import inner\ndef pipeline():\n    return inner.pipeline()\n"
    [finding] = found(tmp_path, main, inner=inner)
    assert finding.code == "HR307"
    assert finding.span is not None
    assert (finding.span.path, finding.span.line) == ("inner.py", 3)


def test_comments_about_sets_are_judged(tmp_path: Path) -> None:
    comment = "  # headrace: ignore[HR307]"
    assert found(tmp_path, sets(f"return list(tags()){comment}")) == []
    [finding] = found(tmp_path, sets(f"return sorted(tags()){comment}"))
    assert finding.code == "HR105"


# --- seeds ---------------------------------------------------------------------------------------

DRAW = "def draw(x): return random.random() * x\n"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"import random\ndef sow(n): random.seed(n)\n{DRAW}", "random.seed(n)"),
        (f"import random\nrandom.seed(0)\ndef sow(n): pass\n{DRAW}", "random.seed(0)"),
        (
            "import random\nimport numpy as np\ndef sow(n):\n    np.random.seed(n)\n"
            f"    random.seed(n)\n{DRAW}",
            "np.random.seed(n)",
        ),
        ("from random import seed\ndef sow(n): seed(n)\ndef draw(x): return x\n", "seed(n)"),
    ],
)
def test_a_seed_from_which_no_other_step_draws(tmp_path: Path, text: str, place: str) -> None:
    [finding] = found(tmp_path, f"{text}def pipeline():\n    sow(1)\n    return draw(2)\n")
    assert finding.code == "HR305"
    assert text_of(tmp_path, finding) == place


@pytest.mark.parametrize(
    "text",
    [
        f"import random\ndef sow(n):\n    random.seed(n)\n    return random.random()\n{DRAW}",
        f"import random\ndef sow(n): pass\nif __name__ == '__main__':\n    random.seed(1)\n{DRAW}",
        f"import random\ndef sow(n):\n    random.seed(n)\n    return draw(n)\n{DRAW}",
        f"import other as random\ndef sow(n): random.seed(n)\n{DRAW}",
    ],
)
def test_a_seed_that_is_drawn_from(tmp_path: Path, text: str) -> None:
    other = "def seed(n): pass\ndef random(): return 4\n"
    module = f"{text}def pipeline():\n    sow(1)\n    return draw(2)\n"
    assert found(tmp_path, module, other=other) == []


def test_a_seed_of_the_only_step(tmp_path: Path) -> None:
    text = f"import random\nrandom.seed(1)\n{DRAW}def pipeline():\n    return draw(2)\n"
    assert found(tmp_path, text) == []
