"""Runs a function in a child process, so that its parent obeys signals at once.

Python runs signal handlers only between its own instructions, so code that stays in C would not
hear SIGTERM; and the kernel drops signals of process 1 that have no handler. A parent that only
waits has neither problem. It also takes in what the child leaves behind, and ends it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time

from headrace.runtime.ending import Ending, explained
from headrace.runtime.orphans import adopt, children, end_children

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

GRACE = 0.5
"""Seconds from SIGTERM to SIGKILL for the child and all that it started."""

_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)


class _Stopped(Exception):
    """A signal asked this process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def supervised(run: Callable[[], int], tell: Callable[[str], object]) -> int:
    """Return the exit code of `run()`, which is run in a child process.

    In the child this returns too: what ends a Python program runs there as always. `tell` is given
    the cause when the child ends without a word of its own.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    ending, spared = Ending(), children()  # what replaced itself by this program may have some
    child = os.fork()
    if child == 0:
        return _as_child(run, ending)
    with contextlib.suppress(OSError):  # the child may have done it, and gone
        os.setpgid(child, child)
    adopt()  # the child has its modules to import before it can leave anything behind
    for number in _STOPPING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
        status = _wait(child)
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    except _Stopped as stopped:
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
        if ending.announced() is None:  # else the step has told already how it ended
            name = signal.Signals(stopped.number).name
            _told(f"headrace: the step was ended by {name}", 128 + stopped.number, tell)
        _end(child, stopped.number)
        end_children(spared)
        os._exit(128 + stopped.number)
    end_children(spared, GRACE)  # as multiprocessing's tracker of shared memory does, tidying up
    return _exit_code(status, ending, tell)


def _as_child(run: Callable[[], int], ending: Ending) -> int:
    os.setpgid(0, 0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
    code = run()
    ending.announce(code)
    return code


def _stop(number: int, _: object) -> None:
    raise _Stopped(number)


def _wait(child: int) -> int:
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == child:
            return status


def _end(child: int, number: int) -> None:
    """Pass the signal on to the child and its children; end what is left after the grace."""
    _signal_group(child, number)
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline:
        try:
            if os.waitpid(child, os.WNOHANG)[0] == child:
                break
        except ChildProcessError:
            break
        time.sleep(0.01)
    _signal_group(child, signal.SIGKILL)


def _signal_group(child: int, number: int) -> None:
    try:
        os.killpg(child, number)
    except ProcessLookupError:
        pass
    except PermissionError:
        os.kill(child, number)


def _exit_code(status: int, ending: Ending, tell: Callable[[str], object]) -> int:
    code, why = explained(os.waitstatus_to_exitcode(status), ending.announced())
    if code < 0:
        name = signal.Signals(-code).name
        hint = ": perhaps the step needs more memory" if -code == signal.SIGKILL else ""
        return _told(f"headrace: the step was ended by {name}{hint}", 128 - code, tell)
    return _told(why, code, tell) if why else code


def _told(text: str, code: int, tell: Callable[[str], object]) -> int:
    with contextlib.suppress(OSError, ValueError):  # whoever read it may have gone
        print(text, file=sys.stderr)
    tell(text)
    return code
