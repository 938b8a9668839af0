"""A map in finally."""

import os
import tempfile

RUNS = [{}, {"n": 7, "xs": [5]}, {"n": 0, "xs": []}]


def add(a: int, b: int = 1) -> int:
    return a + b


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


def pipeline(n: int = 2, xs: list[int] = [1, 2, 3]):
    log = start()
    try:
        y = add(n)
    finally:
        for x in xs:
            note(log, x)
    return y, sorted(read(log))
