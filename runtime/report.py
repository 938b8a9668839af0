"""Tells people, and the engine, why a step failed."""

from __future__ import annotations

import contextlib
import os
import sys

from headrace.runtime.errors import StepError
from headrace.runtime.function import UserError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
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


def tell_engine(message: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Write `message` where Kubernetes looks for it, or where `environment` says.

    Return whether it could be: what is not on Kubernetes may have no such file.
    """
    path = environment.get("HEADRACE_TERMINATION_LOG", TERMINATION_LOG)
    if not os.path.exists(path):
        return False
    try:
        with open(path, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(message[:LONGEST_MESSAGE])
    except OSError:
        return False
    return True


def _flush(stream: object) -> None:
    with contextlib.suppress(AttributeError, OSError, ValueError):
        stream.flush()  # type: ignore[attr-defined]


def _formatted(error: BaseException) -> tuple[str, str]:
    """Return the traceback of `error` without frames of ours, and its last line."""
    last = _last(error)
    try:
        import traceback

        _trim(error)
        shown = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    except Exception:  # the user's exception may be broken, or the memory used up
        shown = f"{last}\n"
    return shown, last if isinstance(error, Exception) and "\n" not in last else _last_line(last)


def _last(error: BaseException) -> str:
    """Return what the traceback of `error` ends with."""
    try:
        import traceback

        # What is printed is the user's; a broken __str__ is too.
        return "".join(traceback.format_exception_only(type(error), error)).strip()
    except Exception as second:
        return f"{type(error).__name__} (its text cannot be shown: {type(second).__name__})"


def _last_line(text: str) -> str:
    return text.rpartition("\n")[2]


def _trim(error: BaseException) -> None:
    """Take our frames out of the traceback of `error` and of all that it is chained to.

    A chain may be longer than Python lets functions call one another, and so may a traceback.
    """
    seen, waiting = set(), [error]
    while waiting:
        at = waiting.pop()
        if id(at) in seen:
            continue
        seen.add(id(at))
        at.__traceback__ = _without_own(at.__traceback__)
        linked = [at.__cause__, at.__context__, *getattr(at, "exceptions", ())]
        waiting += [other for other in linked if isinstance(other, BaseException)]


def _without_own(first: TracebackType | None) -> TracebackType | None:
    frames = []
    while first is not None:
        frames.append(first)
        first = first.tb_next
    rest = None
    for at in reversed(frames):
        file = at.tb_frame.f_code.co_filename
        if file.startswith((OWN_FOLDER, "<frozen importlib", "<frozen runpy")):
            continue
        if at.tb_next is not rest:  # setting it walks over all that follow
            at.tb_next = rest
        rest = at
    return rest
