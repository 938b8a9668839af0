"""Loops for their effect whose turns all do nothing: what follows still runs (semantics 12)."""

import os
import tempfile

RUNS = [{}, {"floor": 2}, {"xs": []}]


def start() -> str:
    """Return the path of a new file, in which effects can be seen."""
    handle, path = tempfile.mkstemp()
    os.close(handle)
    return path


def note(log: str, what: object) -> None:
    with open(log, "a") as file:
        file.write(f"{what}\n")


def read(log: str) -> list[str]:
    with open(log) as file:
        return file.read().split()


def big(x: int, floor: int) -> bool:
    return x > floor


def pipeline(xs: list[int] = [1, 2, 3], floor: int = 10):
    log = start()
    for x in xs:
        if big(x, floor):
            note(log, x)
    note(log, "between")
    for x in xs:
        if x <= floor:
            continue
        note(log, -x)
    note(log, "end")
    return sorted(read(log))
