"""Work shared out over processes: Python's threads would do it in turns."""

import os
import pickle
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, NoReturn, TypeVar

from headrace.compiler.diagnostics import InternalError

Task = TypeVar("Task")
Result = TypeVar("Result")


def available() -> int:
    """Return how many processes can run at a time; 1 where a process cannot be copied."""
    if not hasattr(os, "fork"):
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def side_by_side(work: Callable[[Task], Result], tasks: Sequence[Task]) -> list[Result]:
    """Return what `work` gives for each of `tasks`, all but the last in copies of this process.

    The caller has no threads, and results and exceptions are such as `pickle` takes.

    Raises:
        InternalError: a copy ended without a result.
        Exception: what `work` raised for one of the tasks.
    """
    copies: list[_Copy[Result]] = []
    try:
        copies.extend(_Copy(work, task) for task in tasks[:-1])
        last = [work(task) for task in tasks[-1:]]
        return [*(copy.result() for copy in copies), *last]
    finally:
        for copy in copies:
            copy.end()


class _Copy(Generic[Result]):
    """A copy of this process that does one task."""

    def __init__(self, work: Callable[[Task], Result], task: Task) -> None:
        reading, writing = os.pipe()
        self._process = os.fork()
        if self._process == 0:
            _do(work, task, writing)
        os.close(writing)
        self._answer = os.fdopen(reading, "rb")

    def result(self) -> Result:
        answer = self._answer.read()
        if not answer:
            raise InternalError("a process that was to emit a manifest ended without one")
        succeeded, result = pickle.loads(answer)
        if not succeeded:
            raise result
        value: Result = result
        return value

    def end(self) -> None:
        """Stop the copy if it is still at work."""
        self._answer.close()
        with suppress(ProcessLookupError):
            os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)


def _do(work: Callable[[Task], object], task: Task, writing: int) -> NoReturn:
    """Write what `work` gives for `task`; end without flushing what the original has in buffers."""
    answer = b""
    try:
        try:
            answer = pickle.dumps((True, work(task)))
        except Exception as error:
            answer = pickle.dumps((False, error))
        with os.fdopen(writing, "wb") as file:
            file.write(answer)
    finally:
        os._exit(0 if answer else 1)
