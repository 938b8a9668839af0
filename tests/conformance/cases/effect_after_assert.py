"""Effect after assert."""

import os
import tempfile

RUNS = [{}, {"n": 7}, {"n": 0}]


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


def pipeline(n: int = 2):
    log = start()
    assert n, "no"
    note(log, n)
    return 1, read(log)
