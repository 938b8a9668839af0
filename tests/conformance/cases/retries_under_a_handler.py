# /// script
# [tool.headrace.defaults]
# retries = { limit = 2, delay = 0 }
# ///
"""An exception that a handler takes is not retried, in a map neither (semantics 21, 22 and 26)."""

import os
import tempfile

RUNS = [{}, {"xs": [2]}, {"xs": []}]


def start() -> str:
    """Return the path of a new file, in which effects can be seen."""
    handle, path = tempfile.mkstemp()
    os.close(handle)
    return path


def attempt(log: str, x: int) -> int:
    with open(log, "a") as file:
        file.write(f"{x}\n")
    if x % 2 == 0:
        raise ValueError(f"not {x}")
    return x


def attempts(log: str, after: object) -> list[str]:
    with open(log) as file:
        return sorted(file.read().split())


def pipeline(xs: list[int] = [1, 2, 3]):
    log = start()
    out = []
    for x in xs:
        try:
            y = attempt(log, x)
        except ValueError as error:
            y = str(error)
        out.append(y)
    return out, attempts(log, out)
