"""A process that has the user's modules imported, and whose forks run steps."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
import time

from headrace.runtime import fork
from headrace.runtime.ending import Ending, announced_in_file, explained
from headrace.runtime.orphans import adopt, children, end_children

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

GRACE = 0.5
"""Seconds from SIGTERM to SIGKILL."""

_LONGEST_WAIT = 1.0
"""Seconds after which children are looked at even if no signal told of their end."""


class Lines:
    """The lines of JSON that arrive on a connection."""

    def __init__(self, connection: socket.socket) -> None:
        """Read from `connection`."""
        self._connection = connection
        self._received = b""

    def read(self) -> list[dict[str, Any]] | None:
        """Return the lines that have become whole, or None at the end of the stream."""
        try:
            chunk = self._connection.recv(1 << 16)
        except OSError:
            return None
        if not chunk:
            return None
        *lines, self._received = (self._received + chunk).split(b"\n")
        return [json.loads(line) for line in lines]


def send(connection: socket.socket, message: dict[str, Any]) -> bool:
    """Send one line of JSON; return whether the other side was there."""
    try:
        connection.sendall(json.dumps(message).encode() + b"\n")
    except OSError:
        return False
    return True


def without_own(environment: dict[str, Any]) -> dict[str, Any]:
    """Return what modules may read of `environment` when they are imported."""
    return {name: v for name, v in environment.items() if not name.startswith("HEADRACE_")}


class _Child:
    """A step that runs."""

    def __init__(self, request: dict[str, Any], process: int, ending: Ending) -> None:
        self.request = request
        self.name = request["id"]
        self.process = process
        self.ending = ending
        self.started = time.monotonic()
        self.kill_at: float | None = None


class Zygote:
    """Imports modules, then forks for each request; all requests are alike in what they import."""

    def __init__(self, connection: socket.socket, first: dict[str, Any]) -> None:
        """Serve `connection`; `first` is the first request that will come."""
        self._connection = connection
        self._lines = Lines(connection)
        self._first = first
        self._children: dict[int, _Child] = {}
        self._open = True

    def serve(self) -> None:
        """Serve until the other side is gone and every step has ended; leave no process behind."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        adopt()
        self._imported = fork.import_modules(self._first)
        self._spared = children()  # modules may start programs for all the steps
        send(self._connection, {"imported": self._imported.can_fork})
        self._woken, self._wake = socket.socketpair()
        self._woken.setblocking(False)
        self._wake.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self._close())
        while self._open or self._children:
            self._turn()
        end_children()

    def _turn(self) -> None:
        sockets = [self._woken, *([self._connection] if self._open else [])]
        ready = select.select(sockets, [], [], self._patience())[0]
        if self._woken in ready:
            self._woken.recv(4096)
        if self._connection in ready:
            requests = self._lines.read()
            for request in requests or []:
                if "kill" in request:
                    self._kill(request["kill"])
                else:
                    self._start(request)
            if requests is None:
                self._close()
        self._kill_late()
        self._reap()

    def _patience(self) -> float:
        ends = [child.kill_at for child in self._children.values() if child.kill_at is not None]
        return min([_LONGEST_WAIT, *(max(0.0, end - time.monotonic()) for end in ends)])

    def _start(self, request: dict[str, Any]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        ending = Ending()
        process = os.fork()
        if process == 0:
            self._as_step(request, ending)
        self._children[process] = _Child(request, process, ending)

    def _as_step(self, request: dict[str, Any], ending: Ending) -> NoReturn:
        code = 70
        try:
            os.setsid()
            # As long as a step runs, what it starts must not be taken for what another one left.
            adopt()
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for each in (self._connection, self._woken, self._wake):
                each.close()
            fork.set_up(request)
            if not self._imported.can_fork:
                fork.run_fresh(request)
            fork.restore_random(self._imported)
            code = fork.run_here(request["argv"], ending)
        except BaseException:
            import traceback

            traceback.print_exc()
            ending.announce(code)
        finally:
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(OSError, ValueError, AttributeError):
                    stream.flush()
            os._exit(code)

    def _kill(self, name: object) -> None:
        for child in self._children.values():
            if child.name == name and child.kill_at is None:
                _signal_group(child.process, signal.SIGTERM)
                child.kill_at = time.monotonic() + GRACE

    def _close(self) -> None:
        self._open = False
        for child in list(self._children.values()):
            self._kill(child.name)

    def _kill_late(self) -> None:
        for child in self._children.values():
            if child.kill_at is not None and child.kill_at <= time.monotonic():
                _signal_group(child.process, signal.SIGKILL)
                child.kill_at = time.monotonic() + GRACE

    def _reap(self) -> None:
        while self._children:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:  # an import left a child, or took ours
                ended = None
            if ended is None:
                return
            # While the child is not yet waited for, its number is no one else's.
            _signal_group(ended.si_pid, signal.SIGKILL)
            _, status, usage = os.wait4(ended.si_pid, 0)
            child = self._children.pop(ended.si_pid, None)
            if child is not None:
                end_children({*self._children, *self._spared})
                code = self._explained(child, os.waitstatus_to_exitcode(status))
                self._answer(child, code, usage.ru_maxrss)

    def _explained(self, child: _Child, code: int) -> int:
        """Return the exit code that tells why a step ended, and say it if nobody has."""
        if child.kill_at is not None:
            return code
        if self._imported.can_fork:
            announced = child.ending.announced()
        else:
            announced = announced_in_file(fork.ending_file(child.request))
        code, why = explained(code, announced)
        if why:
            fork.tell(child.request, why)
        return code

    def _answer(self, child: _Child, code: int, peak: int) -> None:
        unit = 1 if sys.platform == "darwin" else 1024
        answer = {
            "id": child.name,
            "code": code,
            "seconds": time.monotonic() - child.started,
            "peak_bytes": peak * unit,
        }
        if not send(self._connection, answer) and self._open:
            self._close()


def _signal_group(process: int, number: int) -> None:
    """Send a signal to a step and all that it started, or to it alone when it is just starting."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        try:
            os.killpg(process, number)
        except ProcessLookupError:
            os.kill(process, number)
