"""Tells people, and the engine, why a step failed."""

from __future__ import annotations

import contextlib
import os
import sys

from headrace.runtime.errors import StepError
from headrace.runtime.function import UserError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

OWN_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep

TERMINATION_LOG = "/dev/termination-log"
"""The file from which Kubernetes takes the message of a container that ended
(https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/)."""

LONGEST_MESSAGE = 4000
"""Characters of a message; Kubernetes keeps 4096 bytes."""


def report(step: str, error: StepError) -> None:
    """Write `error` to standard error, and its last line to where Kubernetes looks for it."""
    last = str(error)
    line = f"headrace: step {step}: {last}" if step else f"headrace: {last}"
    text = line
    if isinstance(error, UserError) and error.cause is not None:
        shown, exception_line = _formatted(error.cause)
        text = f"{shown}{line}" if last else shown.rstrip("\n")
        if error.where:
            text = f"headrace: step {step}: {error.where}\n{text}"
        line = line if last else exception_line
    _flush(sys.stdout)
    if sys.stderr is not None:
        print(text, file=sys.stderr)
        _flush(sys.stderr)
    tell_engine(line)


def report_handled(step: str, error: UserError) -> None:
    """Write what the step raised to standard error, and that the pipeline handles it."""
    assert error.cause is not None
    shown, last = _formatted(error.cause)
    _flush(sys.stdout)
    if sys.stderr is not None:
        print(f"{shown}headrace: step {step}: the pipeline handles {last}", file=sys.stderr)
        _flush(sys.stderr)


def tell_engine(message: str) -> None:
    """Write `message` where Kubernetes looks for it, if it does."""
    path = os.environ.get("HEADRACE_TERMINATION_LOG", TERMINATION_LOG)
    if not os.path.exists(path):
        return
    try:
        with open(path, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(message[:LONGEST_MESSAGE])
    except OSError:
        pass  # the same text is on standard error


def _flush(stream: object) -> None:
    with contextlib.suppress(AttributeError, OSError, ValueError):
        stream.flush()  # type: ignore[attr-defined]


def _formatted(error: BaseException) -> tuple[str, str]:
    """Return the traceback of `error` without frames of ours, and its last line."""
    import traceback

    _trim(error, set())
    try:
        # What is printed is the user's; a broken __str__ is too.
        shown = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        last = "".join(traceback.format_exception_only(type(error), error)).strip()
    except Exception as second:
        shown = last = f"{type(error).__name__} (its text cannot be shown: {second!r})"
    return shown, last if isinstance(error, Exception) and "\n" not in last else _last_line(last)


def _last_line(text: str) -> str:
    return text.rpartition("\n")[2]


def _trim(error: BaseException, seen: set[int]) -> None:
    """Take our frames out of the traceback of `error` and of all that it is chained to."""
    if id(error) in seen:
        return
    seen.add(id(error))
    error.__traceback__ = _without_own(error.__traceback__)
    linked = [error.__cause__, error.__context__, *getattr(error, "exceptions", ())]
    for other in linked:
        if isinstance(other, BaseException):
            _trim(other, seen)


def _without_own(at: TracebackType | None) -> TracebackType | None:
    if at is None:
        return None
    rest = _without_own(at.tb_next)
    file = at.tb_frame.f_code.co_filename
    if file.startswith((OWN_FOLDER, "<frozen importlib", "<frozen runpy")):
        return rest
    at.tb_next = rest
    return at
