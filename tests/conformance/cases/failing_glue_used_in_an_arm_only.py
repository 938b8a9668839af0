"""Failing glue used in an arm only."""

import os
import tempfile

RUNS = [{}, {"flag": False, "xs": [5]}, {"xs": []}]


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


def pipeline(xs: list[int] = [1, 2, 3], flag: bool = True):
    log = start()
    x = xs[10]
    if not flag:
        note(log, x)
    return 1, read(log)
