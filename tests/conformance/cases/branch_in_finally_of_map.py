"""A branch in the cleanup of each turn, on what the turn was given."""

import os
import tempfile

RUNS = [{}, {"xs": []}]


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


def invert(x: int) -> float:
    return 1 / x


def pipeline(xs: list[int] = [1, 2, 4]):
    log = start()
    out = []
    for x in xs:
        try:
            y = invert(x)
        finally:
            if x > 1:
                note(log, x)
        out.append(y)
    return out, sorted(read(log))
