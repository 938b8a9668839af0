"""The programs of an Airflow, each in a process group of its own, which ends as one."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

SECONDS_TO_END = 15

_WATCHER = """\
while read group; do groups="$groups $group"; done
for group in $groups; do kill -s KILL -- "-$group"; done
"""
"""Kills the groups that it is told when nobody is there any more who could tell it of others."""


class Programs:
    """Processes that were started here, by name, in the order of their start.

    They end when this process does, even if that is killed.
    """

    def __init__(self, logs: Path) -> None:
        """Let what they write go to files in `logs`."""
        self._logs = logs
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._watcher = subprocess.Popen(
            ["/bin/sh", "-c", _WATCHER],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def start(
        self, name: str, command: list[str], environment: dict[str, str], user: str | None = None
    ) -> None:
        """Start `command` under the name `name`, as `user` if one is given."""
        with (self._logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                env=environment,
                cwd="/",
                user=user,
                group=user,
                extra_groups=None if user is None else [],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes[name] = process
        assert self._watcher.stdin is not None
        self._watcher.stdin.write(f"{process.pid}\n".encode())
        self._watcher.stdin.flush()

    def kill(self, name: str) -> None:
        """Kill the program `name` and all that it has started, as a machine that fails would.

        All of it stands still first: what sees another one die could still do something about it.
        """
        process = self._processes.pop(name)
        tree = list(_stopped(process.pid))
        for each in tree:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        process.wait()

    def ended(self) -> list[str]:
        """Return the programs that have ended, with their exit codes."""
        return [
            f"{name} (exit code {process.returncode})"
            for name, process in self._processes.items()
            if process.poll() is not None
        ]

    def stop(self) -> None:
        """End all, the first one last; kill what stays in the group of each.

        The scheduler does not heed every SIGTERM, and its tasks outlive it.
        """
        every = list(self._processes.values())
        for process in every[1:]:
            process.terminate()
        for process in every[1:] + every[:1]:
            _end(process)
        self._processes.clear()
        self._watcher.kill()
        self._watcher.communicate()


def _stopped(process: int) -> Iterator[int]:
    """Stop `process` and all that it has started; give their numbers."""
    with suppress(ProcessLookupError, FileNotFoundError):
        os.kill(process, signal.SIGSTOP)
        yield process
        for thread in Path(f"/proc/{process}/task").iterdir():
            for child in (thread / "children").read_text().split():
                yield from _stopped(int(child))


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(SECONDS_TO_END)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
