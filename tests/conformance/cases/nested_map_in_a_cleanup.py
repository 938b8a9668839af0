# refused: airflow (map inside try/finally inside a map)
"""A map inside `try`/`finally` inside a map; the cleanup runs for each outer turn."""

import tempfile
from pathlib import Path

RUNS = [{}, {"xs": []}]


def numbers(n: int) -> list[int]:
    return list(range(n))


def add(a: int, b: int) -> int:
    return a + b


def clean(x: int) -> None:
    (Path(tempfile.gettempdir()) / f"{x}.note").write_text("")


def names(rows: list[list[int]]) -> list[str]:
    return sorted(path.name for path in Path(tempfile.gettempdir()).glob("*.note"))


def pipeline(xs: list[int] = [2, 0]):
    out = []
    for x in xs:
        try:
            row = [add(x, y) for y in numbers(x)]
        finally:
            clean(x)
        out.append(row)
    return out, names(out)
