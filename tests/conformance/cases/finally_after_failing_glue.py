"""Finally after failing glue."""

import os
import tempfile

RUNS = [{}, {"xs": [5]}, {"xs": []}]


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
    try:
        y = xs[2]
    finally:
        note(log, "done")
    return y, read(log)
