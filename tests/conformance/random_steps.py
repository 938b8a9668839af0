"""The steps that random pipelines call: small, typed, and with signatures of every form.

`POOL` is plain Python, of which a module gets what it uses. Types are the texts of annotations.
"""

import ast
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

POOL = '''
LOG = Path(__file__).with_name("log.txt")


class Refused(ValueError):
    """An exception of the user's own, below one of Python's."""


class Stats(NamedTuple):
    count: int
    mean: float


@dataclass
class Point:
    x: int
    label: str


def add(a: int, b: int = 1) -> int:
    return a + b


def double(n: int) -> int:
    return n * 2 % 1000


def is_even(n: int) -> bool:
    return n % 2 == 0


def half(n: int) -> float:
    return n % 1000 / 2


def scale(x: float, *, by: float = 1.5) -> float:
    return x * by


def numbers(n: int, /) -> list[int]:
    return list(range(n % 4))


def words(text: str) -> list[str]:
    return text.split()[:4]


def show(*, text: str, end: str = "!") -> str:
    return text[-40:] + end


def spell(n: int, /, prefix: str = "{{n}}", *, width: int = 0) -> str:
    return prefix[-20:] + str(n % 1000).zfill(width % 5)


def join(parts: list[str], by: str = ", ") -> str:
    return by.join(parts)[:60]


def total(values: list[int]) -> int:
    return sum(values)


def halves(values: list[int]) -> list[float]:
    return [value % 1000 / 2 for value in values]


def two(n: int) -> tuple[int, str]:
    return n + 1, str(n)


def three(n: int, text: str = "") -> tuple[int, float, bool]:
    return len(text), n % 100 * 0.1, n > 0


def count(parts: list[str]) -> dict[str, int]:
    return {part: parts.count(part) for part in parts}


def table(keys: list[str], value: int = 0) -> dict[str, list[int]]:
    return {key: [value, len(key)] for key in keys}


def pairs(n: int) -> list[tuple[int, str]]:
    return [(i, "ab"[i % 2]) for i in range(n % 4)]


def grid(n: int) -> list[list[int]]:
    return [list(range(i)) for i in range(n % 4)]


def maybe(n: int) -> int | None:
    return None if n % 3 == 0 else n


def stats(values: list[int]) -> Stats:
    return Stats(len(values), sum(values) % 1000 / max(1, len(values)))


def point(x: int, label: str = "p") -> Point:
    return Point(x, label)


def where(at: Point) -> str:
    return f"{at.label[-20:]}@{at.x}"


def log(value):
    with LOG.open("a", encoding="ascii") as file:
        file.write(ascii(value) + "\\n")


def note(n: int) -> None:
    log(n)


def remark(text: str, *, end: str = "") -> None:
    log(text + end)


def noted(n: int) -> int:
    log(("noted", n))
    return n + 10


def check(n: int) -> int:
    if n % 3 == 0:
        raise ValueError(f"{n} is a multiple of 3")
    return n


def refuse(n: int, limit: int = 2) -> int:
    if n > limit:
        raise Refused(n, "is too large")
    return n


def parse(text: str) -> int:
    return int(text)


def lookup(counts: dict[str, int], key: str) -> int:
    return counts[key]


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def first(values: list[int]) -> int:
    return values[0]
'''

FAILING = frozenset({"check", "refuse", "parse", "lookup", "mean", "first"})
"""The steps that raise for some arguments."""
EFFECTS = frozenset({"note", "remark"})
"""The steps that are there for their effect."""
LOGGED = frozenset({"noted"})
"""The steps that have an effect and a result, so that their order is not told by the source."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a step; `passed` tells how an argument may be given."""

    name: str
    type: str
    passed: str
    has_default: bool


@dataclass(frozen=True)
class Step:
    """A function that a pipeline may call; `returns` is empty when it gives nothing of use."""

    name: str
    parameters: tuple[Parameter, ...]
    returns: str


def signature(node: ast.FunctionDef) -> Step:
    """Return what the function `node` says of itself."""
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    without = len(positional) - len(arguments.defaults)
    found = [
        (a, "position" if i < len(arguments.posonlyargs) else "any", i >= without)
        for i, a in enumerate(positional)
    ]
    found += [
        (a, "keyword", default is not None)
        for a, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    parameters = tuple(Parameter(a.arg, _text(a.annotation), how, d) for a, how, d in found)
    returns = _text(node.returns)
    return Step(node.name, parameters, "" if returns == "None" else returns)


def _text(annotation: ast.expr | None) -> str:
    assert annotation is not None
    return ast.unparse(annotation)


_IMPORTS = {
    "dataclass": "from dataclasses import dataclass",
    "Path": "from pathlib import Path",
    "NamedTuple": "from typing import NamedTuple",
}
_DEFINITIONS: dict[str, ast.FunctionDef | ast.ClassDef | ast.Assign] = {}
for _node in ast.parse(POOL).body:
    if isinstance(_node, ast.FunctionDef | ast.ClassDef):
        _DEFINITIONS[_node.name] = _node
    elif isinstance(_node, ast.Assign) and isinstance(_node.targets[0], ast.Name):
        _DEFINITIONS[_node.targets[0].id] = _node
STEPS = {
    name: signature(node)
    for name, node in _DEFINITIONS.items()
    if isinstance(node, ast.FunctionDef) and node.returns
}
FIELDS = {
    node.name: {
        field.target.id: _text(field.annotation)
        for field in node.body
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
    }
    for node in _DEFINITIONS.values()
    if isinstance(node, ast.ClassDef)
}
"""The fields of each class of results."""


def definitions(text: str) -> list[str]:
    """Return the imports and the definitions that the source `text` uses, and what those use."""
    used: set[str] = set()
    waiting = [text]
    while waiting:
        names = {n.id for n in ast.walk(ast.parse(waiting.pop())) if isinstance(n, ast.Name)}
        new = names & (_DEFINITIONS.keys() | _IMPORTS.keys()) - used
        used |= new
        waiting += [ast.unparse(_DEFINITIONS[name]) for name in new & _DEFINITIONS.keys()]
    imports = [line for name, line in _IMPORTS.items() if name in used]
    return ["\n".join(imports), *(ast.unparse(n) for m, n in _DEFINITIONS.items() if m in used)]


def indented(lines: Iterable[str]) -> list[str]:
    """Return `lines` one level deeper."""
    return [textwrap.indent(line, "    ") for line in lines]
