"""The programs of an Airflow, each in a process group of its own, which ends as one."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

SECONDS_TO_END = 15
LAST_SIGNAL = "QUIT"
"""What ends a program whose starter was killed: PostgreSQL without delay, and Airflow too."""


class Programs:
    """Processes that were started here, by name, in the order of their start."""

    def __init__(self, logs: Path) -> None:
        """Let what they write go to files in `logs`."""
        self._logs = logs
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(
        self, name: str, command: list[str], environment: dict[str, str], user: str | None = None
    ) -> None:
        """Start `command` under the name `name`, as `user` if one is given.

        It ends when this process does, even if that is killed.
        """
        with (self._logs / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                ["setpriv", f"--pdeathsig={LAST_SIGNAL}", *command],
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
        first, *others = self._processes.values() or (None,)
        for process in others:
            process.terminate()
        for process in [*others, *filter(None, (first,))]:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(SECONDS_TO_END)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._processes.clear()
