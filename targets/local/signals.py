"""What Ctrl-C, SIGTERM and SIGHUP do to a run."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

_Handler = Callable[[int, FrameType | None], object] | int


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def signals_interrupt() -> Iterator[None]:
    """Let SIGTERM, and SIGHUP of a terminal that closes, raise `KeyboardInterrupt`, as Ctrl-C does.

    Under `nohup`, SIGHUP stays ignored. Only the main thread may say so to Python, and is
    interrupted; elsewhere this does nothing.
    """
    with _handled({signal.SIGTERM: _interrupt, signal.SIGHUP: _interrupt}):
        yield


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Do not listen to them: an impatient second one must leave nothing half done."""
    ignored = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    with _handled(dict.fromkeys(ignored, signal.SIG_IGN)):
        yield


@contextlib.contextmanager
def _handled(handlers: dict[signal.Signals, _Handler]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {
        number: signal.signal(number, handler)
        for number, handler in handlers.items()
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in previous.items():
            # A handler that was not set by Python is None here, and cannot be set again.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
