"""Runs steps on this machine, each in a fork of a process that has the user's modules imported.

`python -m headrace.runtime.forkserver FD`, where FD is one end of a Unix stream socket. It speaks
lines of JSON. A request starts a step,

    {"id": ID, "argv": [...], "cwd": FOLDER, "log": FILE, "env": {NAME: TEXT or null},
     "path": [FOLDER, ...], "modules": [NAME, ...]}

with the arguments of `headrace-step`; `path` is put before `sys.path`, `env` changes the
environment (null takes a variable out), `modules` are imported before. The answer comes when the
step has ended: `code` is its exit code, or minus the number of a signal.

    {"id": ID, "code": NUMBER, "seconds": NUMBER, "peak_bytes": NUMBER}

`{"kill": ID}` ends a step and all that it started. At the end of the stream all steps are ended.

This process imports nothing of the user's, so nothing that an import does can stop it. For each
set of modules, and each environment that they may have read, it has a `Zygote`, whose forks the
steps are.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
import time

from headrace.runtime.fork import tell
from headrace.runtime.orphans import adopt, end_children
from headrace.runtime.zygote import GRACE, Lines, Zygote, send, without_own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


class _Worker:
    """A zygote, as the server sees it, and the steps that it runs."""

    def __init__(self, process: int, connection: socket.socket) -> None:
        self.process = process
        self.connection = connection
        self.lines = Lines(connection)
        self.has_imported = False
        self.requests: dict[object, dict[str, Any]] = {}


class Server:
    """Serves one connection."""

    def __init__(self, connection: socket.socket) -> None:
        """Serve what is at the other end of `connection`."""
        self._connection = connection
        self._lines = Lines(connection)
        self._workers: dict[str, _Worker] = {}
        self._open = True

    def serve(self) -> None:
        """Serve until the other side is gone, and end every step then."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the runner decides what Ctrl-C means
        signal.signal(signal.SIGTERM, _stop)
        adopt()  # the steps of a zygote that is killed, and what importing started
        with contextlib.suppress(_Stopped):
            while self._open:
                sockets = [self._connection, *(w.connection for w in self._workers.values())]
                for ready in select.select(sockets, [], [])[0]:
                    self._serve_one(ready)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self._end()

    def _serve_one(self, ready: socket.socket) -> None:
        if ready is self._connection:
            requests = self._lines.read()
            self._open = requests is not None
            for request in requests or []:
                self._obey(request)
            return
        for key, worker in list(self._workers.items()):
            if worker.connection is ready:
                answers = worker.lines.read()
                if answers is None:
                    self._lost(key, worker)
                for answer in answers or []:
                    self._pass_on(worker, answer)

    def _obey(self, request: dict[str, Any]) -> None:
        if "kill" in request:
            for key, worker in list(self._workers.items()):
                if request["kill"] in worker.requests:
                    self._kill(key, worker, request)
            return
        environment = without_own(request["env"])
        key = json.dumps([request["modules"], request["path"], environment], sort_keys=True)
        if key not in self._workers:
            self._workers[key] = self._new_worker(request)
        worker = self._workers[key]
        worker.requests[request["id"]] = request
        if worker.has_imported:
            send(worker.connection, request)

    def _kill(self, key: str, worker: _Worker, request: dict[str, Any]) -> None:
        if worker.has_imported:
            send(worker.connection, request)
            return
        self._answer(request["kill"], -signal.SIGTERM)
        del worker.requests[request["kill"]]
        if not worker.requests:
            # It has no steps yet, and an import may never end.
            os.kill(worker.process, signal.SIGKILL)
            self._lost(key, worker)

    def _new_worker(self, request: dict[str, Any]) -> _Worker:
        ours, theirs = socket.socketpair()
        process = os.fork()
        if process == 0:
            others = [ours, self._connection, *(w.connection for w in self._workers.values())]
            _as_zygote(theirs, others, request)
        theirs.close()
        return _Worker(process, ours)

    def _pass_on(self, worker: _Worker, answer: dict[str, Any]) -> None:
        if "imported" in answer:
            worker.has_imported = True
            for request in worker.requests.values():
                send(worker.connection, request)
            return
        del worker.requests[answer["id"]]
        self._open = send(self._connection, answer) and self._open

    def _answer(self, name: object, code: int) -> None:
        answer = {"id": name, "code": code, "seconds": 0.0, "peak_bytes": 0}
        self._open = send(self._connection, answer) and self._open

    def _lost(self, key: str, worker: _Worker) -> None:
        """Answer for the steps of a zygote that has ended: importing ended it, or a signal."""
        del self._workers[key]
        worker.connection.close()
        code = os.waitstatus_to_exitcode(os.waitpid(worker.process, 0)[1])
        end_children(other.process for other in self._workers.values())
        for name, request in worker.requests.items():
            modules = ", ".join(request["modules"])
            if code < 0 or worker.has_imported:
                why = f"the process that imported {modules} has ended ({code})"
            else:
                with_code = f" with exit code {code}" if code else ""
                why = f"importing {modules} ended{with_code} without returning (os._exit?)"
            tell(request, f"headrace: {why}")
            self._answer(name, code if code < 0 else 1)

    def _end(self) -> None:
        """End the zygotes, which end their steps when their connection closes."""
        for worker in self._workers.values():
            worker.connection.close()
            if not worker.has_imported:
                os.kill(worker.process, signal.SIGKILL)
        deadline = time.monotonic() + 4 * GRACE
        waiting = {worker.process for worker in self._workers.values()}
        while waiting:
            for process in list(waiting):
                if os.waitpid(process, os.WNOHANG)[0]:
                    waiting.discard(process)
                elif time.monotonic() > deadline:
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.005)
        end_children()


class _Stopped(Exception):
    """SIGTERM asked this process to end."""


def _stop(*_: object) -> None:
    raise _Stopped


def _as_zygote(
    connection: socket.socket, others: list[socket.socket], request: dict[str, Any]
) -> NoReturn:
    try:
        for other in others:
            other.close()
        Zygote(connection, request).serve()
    except BaseException:
        import traceback

        traceback.print_exc()
        os._exit(70)
    os._exit(0)


def main() -> int:
    """Serve the connection that the command line names."""
    if not getattr(sys.flags, "safe_path", False) and sys.path[0] in ("", os.getcwd()):
        del sys.path[0]  # -m has put it there, and a step has a folder of its own
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        connection.set_inheritable(False)
        Server(connection).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
