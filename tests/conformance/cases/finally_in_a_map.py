"""Finally in a map."""

import os
import tempfile

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def double(x: int) -> int:
    return x * 2


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


def pipeline(xs: list[int] = [1, 2, 3]):
    log = start()
    out = []
    for x in xs:
        try:
            y = double(x)
        finally:
            note(log, x)
        out.append(y)
    return out, sorted(read(log))
