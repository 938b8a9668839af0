"""The fork server that runs steps, as the runner sees it."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any


class WorkersGone(Exception):
    """The fork server ended although nobody asked it to."""


class Workers:
    """Starts steps in processes of their own, and tells when they have ended."""

    def __init__(self) -> None:
        """Start the fork server, in a session of its own: Ctrl-C reaches only the runner."""
        self.socket, theirs = socket.socketpair()
        # -P: a file of the user's in the current folder must not stand in for a module of Python's.
        module = "headrace.runtime.forkserver"
        command = [sys.executable, "-P", "-m", module, str(theirs.fileno())]
        self._process = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        self._received = b""

    def send(self, request: dict[str, Any]) -> None:
        """Send one request, as `headrace.runtime.forkserver` takes it.

        Raises:
            WorkersGone: the server is not there any more.
        """
        try:
            self.socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError:
            raise WorkersGone from None

    def receive(self) -> Iterator[dict[str, Any]]:
        """Yield the replies that have arrived, at least one part of one.

        Raises:
            WorkersGone: the server is not there any more.
        """
        try:
            chunk = self.socket.recv(1 << 16)
        except OSError:
            chunk = b""
        if not chunk:
            raise WorkersGone
        *lines, self._received = (self._received + chunk).split(b"\n")
        for line in lines:
            yield json.loads(line)

    def close(self) -> None:
        """End the server and every step that still runs."""
        self.socket.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
