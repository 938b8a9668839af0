"""Whether processes that a test started are still there."""

import time
from collections.abc import Iterable


def is_alive(process: int) -> bool:
    """Whether `process` runs; one that only waits to be asked for by its parent does not."""
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def all_end(processes: Iterable[int]) -> bool:
    """Whether `processes` end soon: a signal that was sent takes the kernel a moment."""
    alive = list(processes)
    deadline = time.monotonic() + 5
    while any(map(is_alive, alive)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(is_alive, alive))
