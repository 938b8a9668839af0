"""Equal calls run as often as they are written, effects and results (semantics 43 and 44)."""

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
    note(log, "same")
    first = count(log)
    note(log, "same")
    second = count(log)
    for _ in [1, 1, 1]:
        note(log, "same")
    return first, second, count(log)
