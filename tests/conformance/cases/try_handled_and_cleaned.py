"""Handler, `else` and `finally` together, in a map: each turn takes its own way."""

import os
import tempfile

RUNS = [{}, {"xs": [0]}, {"xs": []}]


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


def pipeline(xs: list[int] = [0, 2]):
    log = start()
    out = []
    for x in xs:
        try:
            y = invert(x)
        except ZeroDivisionError as error:
            note(log, f"handled-{x}")
            y = str(error)
        else:
            y = -y
            note(log, f"else-{x}")
        finally:
            note(log, f"finally-{x}")
        out.append(y)
    return out, sorted(read(log))
