"""Effects before, in and after a branch keep their order, whichever arm runs."""

import os
import tempfile

RUNS = [{}, {"flag": False}]


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


def pipeline(flag: bool = True):
    log = start()
    note(log, "before")
    if flag:
        note(log, "then-1")
        note(log, "then-2")
    else:
        note(log, "otherwise")
    note(log, "after")
    return read(log)
