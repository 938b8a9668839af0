"""How many threads numeric libraries start: no more than the container may use processors.

They count the machine's processors, so in a container that may use two of sixty-four they start
sixty-four threads, which then wait for one another.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

VARIABLES = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS")
"""The first is OpenMP's, and what OpenBLAS, MKL, numexpr, Arrow and torch read where nothing of
their own is set; numba has its own."""


def set_threads(environment: MutableMapping[str, str], root: str = "/") -> None:
    """Set the variables that are not set to the processors that this process may use.

    Nothing is set where no limit is below the processors of the machine. `root` has /proc and /sys.
    """
    unset = [name for name in VARIABLES if name not in environment]
    limit = _limit(root) if unset else None
    if limit is not None and limit < _processors():
        for name in unset:
            environment[name] = str(max(1, int(limit)))


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _limit(root: str) -> float | None:
    """Return the least limit of the control groups of this process, in processors."""
    return min(_limits(root), default=None)


def _limits(root: str) -> Iterator[float]:
    """Yield the limits: https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files and
    https://docs.kernel.org/scheduler/sched-bwc.html for the first version.
    """
    mounts = os.path.join(root, "sys/fs/cgroup")
    for line in _read(os.path.join(root, "proc/self/cgroup")).splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            for folder in _and_above(mounts, path):
                quota, _, period = _read(os.path.join(folder, "cpu.max")).partition(" ")
                yield from _processors_of(quota, period)
        elif "cpu" in controllers.split(","):
            for mount in {controllers, "cpu"}:
                for folder in _and_above(os.path.join(mounts, mount), path):
                    quota = _read(os.path.join(folder, "cpu.cfs_quota_us"))
                    yield from _processors_of(
                        quota, _read(os.path.join(folder, "cpu.cfs_period_us"))
                    )


def _and_above(mount: str, path: str) -> Iterator[str]:
    """Yield the folder of a group and those above it; a container may see the last one only."""
    parts = [part for part in path.split("/") if part not in ("", "..")]
    for depth in range(len(parts), -1, -1):
        yield os.path.join(mount, *parts[:depth])


def _processors_of(quota: str, period: str) -> Iterator[float]:
    if quota.isdecimal() and period.strip().isdecimal() and int(period):
        yield int(quota) / int(period)


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""
