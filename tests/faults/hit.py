"""A step that is hit by a fault, a cleanup, and a step that needs its result."""

import os
import signal
import socket
import tempfile
import time
from pathlib import Path

SECONDS_TO_WAIT = 240


def work(fault: str) -> str:
    """Let `fault` happen at the first attempt; tell which attempt came to an end."""
    shared = Path(tempfile.gettempdir())
    with (shared / "attempts").open("a") as attempts:
        attempts.write(f"{socket.gethostname()}\n")
    if len((shared / "attempts").read_text().splitlines()) > 1:
        return "the second attempt"
    if fault == "exception":
        raise ValueError("no luck")
    if fault == "memory":
        print(len([bytearray(os.urandom(1 << 20)) for _ in range(512)]))
    if fault == "signal":
        os.kill(1, signal.SIGTERM)
    deadline = time.monotonic() + SECONDS_TO_WAIT
    while not (shared / "go-on").exists():
        if time.monotonic() > deadline:
            raise TimeoutError("nobody let the step go on")
        time.sleep(0.1)
    return "the first attempt"


def release() -> None:
    """Leave a mark that tells that the cleanup ran."""
    (Path(tempfile.gettempdir()) / "released").touch()


def follow(found: str) -> str:
    """Leave a mark that tells that the run went on."""
    (Path(tempfile.gettempdir()) / "followed").touch()
    return found


def pipeline(fault: str = "") -> str:
    """Clean up whatever happens, and go on only if nothing did."""
    try:
        found = work(fault)
    finally:
        release()
    return follow(found)
