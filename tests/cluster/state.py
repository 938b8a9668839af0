"""Which cluster runs on this machine: one at a time, known by a lock that ends with its process."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from cluster.binaries import cache

SECONDS_TO_STOP = 120


class AlreadyRuns(Exception):
    """A cluster runs already; the text says whose it is and how to end it."""


@dataclass(frozen=True)
class Running:
    """A cluster that runs, or did: the `process` that started it, and its `folder`."""

    process: int
    folder: str


def _record() -> Path:
    return cache() / "running.json"


def recorded() -> Running | None:
    """Return the cluster that was started last, unless it was stopped in good order."""
    try:
        return Running(**json.loads(_record().read_text()))
    except FileNotFoundError:
        return None


def running() -> Running | None:
    """Return the cluster that runs now."""
    with (cache() / "running.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return recorded()
    return None


@contextmanager
def only_one() -> Iterator[Running | None]:
    """Hold the lock; give what a process that was killed has left behind.

    Raises:
        AlreadyRuns: another cluster runs.
    """
    with (cache() / "running.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            there = recorded()
            whose = f"process {there.process}, in {there.folder}" if there else "just starting"
            raise AlreadyRuns(
                f"a cluster runs already ({whose}); `make cluster-stop` ends it"
            ) from None
        yield recorded()


def record(running: Running) -> None:
    """Write down what runs."""
    new = _record().with_suffix(".new")
    new.write_text(json.dumps(asdict(running)))
    new.rename(_record())


def forget() -> None:
    """Say that nothing is left."""
    _record().unlink(missing_ok=True)


def stop() -> bool:
    """Ask the process of the cluster that runs to end it, and wait; return whether one ran.

    Raises:
        RuntimeError: it does not end.
    """
    there = running()
    if there is None:
        return False
    with suppress(ProcessLookupError):
        os.kill(there.process, signal.SIGTERM)
    deadline = time.monotonic() + SECONDS_TO_STOP
    while running() is not None:
        if time.monotonic() > deadline:
            raise RuntimeError(f"process {there.process} does not stop its cluster")
        time.sleep(0.2)
    return True
