"""Finally in a branch."""

import os
import tempfile

RUNS = [{}, {"n": 7, "flag": False}, {"n": 0}]


def picky(x: int) -> int:
    if x == 2:
        raise ValueError(f"not {x}")
    return x


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


def pipeline(n: int = 2, flag: bool = True):
    log = start()
    y = 0
    if flag:
        try:
            y = picky(n)
        finally:
            note(log, n)
    return y, read(log)
