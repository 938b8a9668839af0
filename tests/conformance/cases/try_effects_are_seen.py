"""What ran before the exception stays done; what stands after it in `try` does not run."""

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


def read(log: str) -> list[str]:
    with open(log) as file:
        return file.read().split()


def fail(n: int) -> int:
    raise ValueError(n)


def pipeline(n: int = 1):
    log = start()
    try:
        note(log, "before")
        try:
            fail(n)
            note(log, "never")
        finally:
            note(log, "inner")
        note(log, "never")
    except ValueError as error:
        note(log, f"handler-{error}")
    else:
        note(log, "never")
    finally:
        note(log, "outer")
    note(log, "after")
    return read(log)
