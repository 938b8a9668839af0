"""Processes that a test starts in the background, and whether they are still there."""

import time
from collections.abc import Iterable

DETACHES = '''
def detaches(seconds):
    """Start programs in sessions of their own; one has lost its parent already."""
    program = "echo $$ > $0.new; mv $0.new $0; exec sleep 60"
    subprocess.Popen(["sh", "-c", program, "child"], start_new_session=True)
    os.system(f"setsid -f sh -c '{program}' orphan")
    while not (Path("child").exists() and Path("orphan").exists()):
        time.sleep(0.01)
    Path("started").write_text(str(os.getpid()))
    time.sleep(seconds)
'''
"""A function of a module that imports os, subprocess, time and Path."""


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
