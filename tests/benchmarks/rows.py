"""The rows of the tables, and how figures are written."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from benchmarks.timing import Timing


@dataclass(frozen=True)
class Row:
    """A line of the table: `ours` and `theirs` are shown as they are; `figure` is held to `aim`."""

    what: str
    ours: str
    theirs: str
    figure: float
    aim: float
    unit: str

    @property
    def is_met(self) -> bool:
        """Whether the figure is within the aim."""
        return self.figure <= self.aim


Measure: TypeAlias = Callable[[Path], list[Row]]
"""Measures in an empty folder of its own."""


def table(rows: list[Row]) -> str:
    """Return `rows` as a table in Markdown."""
    lines = ["| what | headrace | beside it | figure | aim |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        digits = 2 if row.figure < 10 else 1
        figure = f"{row.figure:.{digits}f} {row.unit}"
        aim = f"{row.aim:g}: {'met' if row.is_met else '**missed**'}"
        lines.append(f"| {row.what} | {row.ours} | {row.theirs} | {figure} | {aim} |")
    return "\n".join(lines) + "\n"


def milliseconds(value: float) -> str:
    """Return so many seconds in milliseconds."""
    return f"{value * 1000:.1f} ms"


def shown(timing: Timing, limit: float) -> str:
    """Return time and memory of a command that was given `limit` seconds."""
    if not timing.ended:
        return f"over {limit:g} s"
    digits = 2 if timing.seconds < 10 else 1
    return f"{timing.seconds:.{digits}f} s, {timing.memory:.0f} MB"
