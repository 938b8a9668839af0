"""Ends what a step has started and left behind, in sessions of its own too; on Linux only.

A process that adopts orphans becomes the parent of what its descendants leave behind when they
end. So whoever ends all its children, and then those that it gets by that, has ended all.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_PR_SET_CHILD_SUBREAPER = 36
"""See prctl(2)."""

_PATIENCE = 2.0
"""Seconds for processes to end by SIGKILL; one that waits for a broken disk may take longer."""


def adopt() -> None:
    """Make this process the parent of its descendants whose own parents end, if the system can."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children() -> set[int]:
    """Return the children of this process, with those that nobody has waited for yet."""
    if sys.platform != "linux":
        return set()
    try:  # which costs next to nothing where there is none
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return set()
    found: set[int] = set()
    try:
        for thread in os.listdir("/proc/self/task"):
            with open(f"/proc/self/task/{thread}/children", "rb") as file:
                found.update(map(int, file.read().split()))
    except OSError:  # a kernel may be built without that file
        return _children_among_all()
    return found


def _children_among_all() -> set[int]:
    own, found = os.getpid(), set()
    with contextlib.suppress(OSError):
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
                # After the command, which may hold anything, come the state and the parent.
                if int(file.read().rpartition(b")")[2].split()[1]) == own:
                    found.add(int(name))
    return found


def end_children(spared: Iterable[int] = (), grace: float = 0.0) -> None:
    """Kill the children of this process but for those `spared`, and all that they started.

    For `grace` seconds they may end by themselves.
    """
    left_alone = set(spared)
    kill_at = time.monotonic() + grace
    deadline = kill_at + _PATIENCE
    while True:
        found = children() - left_alone
        if not found or time.monotonic() > deadline:
            return
        if time.monotonic() >= kill_at:
            left_alone |= _not_killed(found)
        time.sleep(0.001)
        for process in found:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process, os.WNOHANG)


def _not_killed(processes: set[int]) -> set[int]:
    """Send SIGKILL to `processes`, and return those that have become another user's."""
    others = set()
    for process in processes:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass
        except PermissionError:
            others.add(process)
    return others
