"""Steps called for their effect run in the order written, between the others (semantics 1)."""

import os
import tempfile


def start() -> str:
    """Return the path of a new file, in which effects can be seen."""
    handle, path = tempfile.mkstemp()
    os.close(handle)
    return path


def note(log: str, what: object) -> None:
    with open(log, "a") as file:
        file.write(f"{what}\n")


def count(log: str) -> int:
    with open(log) as file:
        return len(file.readlines())


def pipeline():
    log = start()
    note(log, "a")
    one = count(log)
    note(log, one)
    two = count(log)
    if two > 1:
        note(log, "branch")
    three = count(log)
    for n in [1, 2]:
        note(log, n)
    return one, two, three, count(log)
