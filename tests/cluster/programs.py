"""The programs of a cluster as processes: started, watched, ended with all they leave behind."""

import json
import os
import shutil
import signal
import subprocess
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from cluster.settings import BRIDGE, CONTAINERD_SOCKET, LOGS, Settings
from processes import all_end, is_alive

SECONDS_TO_END = 20
LINES_SHOWN = 15

_RECORD = "processes.json"

_LEFT_BY_PROXY = "KUBE-FIREWALL"
"""A chain that `kube-proxy --cleanup` makes and does not remove (seen with 1.35.4)."""


class Programs:
    """The processes of a cluster. Each has a session of its own, so that Ctrl-C is not theirs."""

    def __init__(self, settings: Settings) -> None:
        """Start nothing yet."""
        self._settings = settings
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        """Start the program `name`."""
        with log_of(self._settings.folder, name).open("ab") as log:
            self._processes[name] = subprocess.Popen(
                self._settings.command(name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._settings.folder,
                start_new_session=True,
            )
        _record(self._settings.folder, name, self._processes[name].pid)

    def ended(self) -> list[str]:
        """Return the programs that have ended, with their exit codes."""
        return [
            f"{name} (exit code {process.returncode})"
            for name, process in self._processes.items()
            if process.poll() is not None
        ]

    def stop(self, *names: str) -> None:
        """End the programs called `names`, or all, the last one first, and kill what stays.

        Where all are to end, those that were started beside them end before: the API server waits
        for who watches it.
        """
        if not names:
            folder = self._settings.folder
            end(folder, recorded(folder).keys() - self._processes.keys())
        for name in [name for name in reversed(self._processes) if not names or name in names]:
            process = self._processes.pop(name)
            process.terminate()
            try:
                process.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def start_beside(folder: Path, name: str, command: list[str], **environment: str) -> None:
    """Start `command` as `name`: nobody's child, and ended with the cluster in `folder`.

    Raises:
        RuntimeError: it has ended already; the text has the end of its log.
    """
    started = subprocess.run(
        ["sh", "-c", '"$@" </dev/null >>"$LOG" 2>&1 & echo $!', "sh", *command],
        stdout=subprocess.PIPE,
        cwd=folder,
        env=os.environ | environment | {"LOG": str(log_of(folder, name))},
        start_new_session=True,
        check=True,
    )
    try:
        _record(folder, name, int(started.stdout))
    except FileNotFoundError:
        raise RuntimeError(f"{name} ended:\n{tail(log_of(folder, name))}") from None


def end(folder: Path, names: Iterable[str]) -> None:
    """Ask the processes called `names` of the cluster in `folder` to end, and wait a moment."""
    known = recorded(folder)
    running = [known[name][0] for name in names if name in known and _is(*known[name])]
    for process in running:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)
    all_end(running)


def log_of(folder: Path, name: str) -> Path:
    """Return the file with what `name` of the cluster in `folder` writes."""
    return folder / LOGS / f"{name}.log"


def _record(folder: Path, name: str, process: int) -> None:
    there = {**recorded(folder), name: identity(process)}
    new = folder / f"{_RECORD}.new"
    new.write_text(json.dumps(there))
    new.rename(folder / _RECORD)


def recorded(folder: Path) -> dict[str, list[int]]:
    """Return the `identity` of each process that was started for the cluster in `folder`."""
    try:
        there: dict[str, list[int]] = json.loads((folder / _RECORD).read_text())
    except FileNotFoundError:
        return {}
    return there


def runs(folder: Path, name: str) -> bool:
    """Whether the process `name` of the cluster in `folder` runs."""
    known = recorded(folder).get(name)
    return known is not None and _is(*known)


def tails(logs: Path) -> str:
    """Return the last lines of each file in `logs`."""
    return "".join(f"--- {path.name}\n{tail(path)}" for path in sorted(logs.glob("*.log")))


def tail(log: Path) -> str:
    """Return the last lines of `log`; nothing when it is not there."""
    if not log.exists():
        return ""
    with log.open(errors="replace") as file:
        lines = deque(file, LINES_SHOWN)
    return "".join(line[:500].rstrip() + "\n" for line in lines)


def ctr_command(folder: Path) -> list[str]:
    """Return what speaks with the containerd of the cluster in `folder`."""
    return ["ctr", f"--address={folder / CONTAINERD_SOCKET}", "--namespace=k8s.io"]


def end_containers(folder: Path) -> None:
    """Kill the containers that containerd still runs: their shims outlive it."""
    ctr = ctr_command(folder)

    def call(*arguments: str) -> str:
        with suppress(subprocess.TimeoutExpired):
            done = subprocess.run(
                [*ctr, *arguments], capture_output=True, text=True, check=False, timeout=20
            )
            return done.stdout
        return ""

    for name in call("tasks", "ls", "--quiet").split():
        call("tasks", "delete", "--force", name)


def clean_up(folder: Path, proxy: list[str]) -> None:
    """Remove what a cluster in `folder` has put elsewhere, and processes of it that are left.

    A starter that was killed leaves processes; who is who is told by the time when they started.
    `proxy` is the command line of kube-proxy, which knows what it has told the kernel.
    """
    kill_left(folder)
    _quietly(*proxy, "--cleanup")
    for command in ("iptables", "ip6tables"):
        for chain in ("INPUT", "OUTPUT"):
            _quietly(command, "--delete", chain, "--jump", _LEFT_BY_PROXY)
        _quietly(command, "--flush", _LEFT_BY_PROXY)
        _quietly(command, "--delete-chain", _LEFT_BY_PROXY)
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for place in reversed(mounts):
        if Path(place).is_relative_to(folder):
            _quietly("umount", "--lazy", place)
    _quietly("ip", "link", "delete", BRIDGE)
    for group in Path("/sys/fs/cgroup").glob("**/k8s.io"):
        with suppress(OSError):
            group.rmdir()
    links = Path("/var/log/containers")
    for link in links.iterdir() if links.is_dir() else ():
        if link.is_symlink() and link.readlink().is_relative_to(folder):
            link.unlink()


def _quietly(*command: str) -> None:
    """Run what may find nothing to do."""
    subprocess.run(command, capture_output=True, check=False)


def remove(folder: Path, *, keep_logs: bool) -> None:
    """Remove `folder`, or all but the logs in it."""
    for path in folder.iterdir():
        if keep_logs and path.name in (LOGS, "pod-logs"):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()
    if not keep_logs:
        shutil.rmtree(folder, ignore_errors=True)


def identity(process: int) -> list[int]:
    """Return the process with the time when it started, which no later process has."""
    text = Path(f"/proc/{process}/stat").read_text()
    return [process, int(text.rpartition(")")[2].split()[19])]


def kill_left(folder: Path) -> None:
    """Kill the processes of the cluster in `folder` that still run, and their containers.

    Raises:
        RuntimeError: one does not end.
    """
    left = [process for process, started in recorded(folder).values() if _is(process, started)]
    if left:
        end_containers(folder)
    for process in left:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    if not all_end(left):
        raise RuntimeError(f"processes of the cluster in {folder} do not end")


def _is(process: int, started: int) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):
        return identity(process) == [process, started] and is_alive(process)
    return False
