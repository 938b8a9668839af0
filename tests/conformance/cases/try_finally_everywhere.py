"""`finally` in a map, in a branch and around them; the cleanup runs once for each."""

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


def double(x: int) -> int:
    return x * 2


def pipeline(xs: list[int] = [1, 2]):
    log = start()
    try:
        out = []
        for x in xs:
            try:
                if x > 1:
                    try:
                        y = double(x)
                    finally:
                        note(log, f"large-{x}")
                else:
                    y = x
            finally:
                note(log, f"turn-{x}")
            out.append(y)
    finally:
        note(log, "end")
    return out, sorted(read(log))
