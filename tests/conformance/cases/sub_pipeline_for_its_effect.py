# /// script
# [tool.headrace]
# pipelines = ["noting"]
# ///
"""Sub-pipeline for its effect."""

import os
import tempfile

RUNS = [{}, {"n": 7}, {"n": 0}]


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


def noting(log: str, x: int):
    note(log, x)
    note(log, add(x))


def pipeline(n: int = 2):
    log = start()
    noting(log, n)
    return add(n), read(log)
