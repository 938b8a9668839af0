"""Whether a step's process ended when the step had, or the user's code ended it (`os._exit`)."""

from __future__ import annotations

import contextlib
import mmap
import os


class Ending:
    """Tells the process that forks a step with which exit code the step's process wants to end.

    It is memory that both share: the user's code may close descriptors, and what it starts keeps
    them open.
    """

    def __init__(self) -> None:
        """Share it with the processes that are forked from now on."""
        self._memory = mmap.mmap(-1, 2)

    def announce(self, code: int) -> None:
        """Tell in the step's process that all is done, and that it will end with `code`."""
        self._memory[:] = bytes([1, code & 255])

    def announced(self) -> int | None:
        """Return what was announced, if anything was."""
        told, code = self._memory[:]
        return code if told else None


def announce_in_file(path: str, code: int) -> None:
    """Do what `Ending.announce` does, in a program of its own that shares no memory."""
    with open(path, "w", encoding="ascii") as file:
        file.write(str(code))


def announced_in_file(path: str) -> int | None:
    """Return what was announced in the file at `path`, if anything was, and remove the file."""
    with contextlib.suppress(OSError, ValueError), open(path, encoding="ascii") as file:
        os.unlink(path)
        return int(file.read())
    return None


def explained(code: int, announced: int | None) -> tuple[int, str]:
    """Return the exit code that tells the cause of an ending, and a line if nobody has told it.

    `code` is that of the process, or minus the number of a signal, of which nothing is said here.
    """
    if code < 0 or code == announced:
        return code, ""
    if announced:  # the step has told why it failed
        return announced, ""
    with_code = f" with exit code {code}" if code else ""
    when = "without returning" if announced is None else "after it had returned"
    return 1, f"headrace: the step ended{with_code} {when} (os._exit?)"
