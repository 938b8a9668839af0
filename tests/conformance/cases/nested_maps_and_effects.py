"""Nested loops with steps for effect before, in and after the inner one; all have run at the end."""

import tempfile
from pathlib import Path

RUNS = [{}, {"xs": []}, {"xs": [0]}]


def note(kind: str, numbers: list[int]) -> None:
    name = "-".join([kind, *map(str, numbers)])
    (Path(tempfile.gettempdir()) / f"{name}.note").write_text("")


def numbers(n: int) -> list[int]:
    return list(range(n))


def after(kind: str, x: int, count: int) -> int:
    found = len(list(Path(tempfile.gettempdir()).glob(f"{kind}-{x}*.note")))
    return found * 100 + count


def names() -> list[str]:
    return sorted(path.name for path in Path(tempfile.gettempdir()).glob("*.note"))


def pipeline(xs: list[int] = [2, 0, 1]):
    seen = []
    for x in xs:
        note("before", [x])
        ys = numbers(x)
        for y in ys:
            note("inner", [x, y])
        seen.append(after("inner", x, len(ys)))
    return seen, names()
