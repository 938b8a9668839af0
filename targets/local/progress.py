"""What a run tells while it goes: lines, and on a terminal the steps that run now."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from headrace.targets.local.record import StepRecord

if TYPE_CHECKING:
    from rich.status import Status


class Progress:
    """Writes to standard error; `enabled` False writes only what a failed step said."""

    def __init__(self, enabled: bool, stream: TextIO | None = None) -> None:
        """Begin to tell, on a terminal with a line that stays at the bottom."""
        self._enabled = enabled
        self._stream = stream or sys.stderr
        self._running: dict[str, None] = {}
        self._succeeded = 0
        self._offsets: dict[str, int] = {}
        self._status: Status | None = None
        if enabled and self._stream.isatty():
            from rich.console import Console

            self._status = Console(file=self._stream).status("starting")
            self._status.start()

    def started(self, step: StepRecord) -> None:
        """Tell that an attempt at `step` begins."""
        self._running[step.id] = None
        if self._status is None:
            again = f" (attempt {step.attempts})" if step.attempts > 1 else ""
            self._line(f"{step.id}: started{again}")
        self._refresh()

    def ended(self, step: StepRecord, log: Path) -> None:
        """Tell what became of an attempt at `step`, and what it wrote into `log`."""
        self._running.pop(step.id, None)
        if self._enabled:
            for line in _lines(log):
                self._line(f"{step.id} | {line}")
        self._succeeded += step.state == "succeeded"
        self._line(f"{step.id}: {step.state} in {step.seconds:.1f} s")
        self._refresh()

    def failures(self, steps: list[tuple[StepRecord, Path]]) -> None:
        """Show at the end what the failed steps wrote, with their place in the source."""
        for step, log in steps:
            print(f"\nstep {step.id} failed ({step.source}, {step.function})", file=self._stream)
            for line in _lines(log)[-60:]:
                print(f"  {line}", file=self._stream)
            print(f"  log: {log}", file=self._stream)

    def close(self) -> None:
        """Take the line at the bottom away."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _line(self, text: str) -> None:
        if not self._enabled:
            return
        if self._status is not None:
            self._status.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            print(text, file=self._stream, flush=True)

    def _refresh(self) -> None:
        if self._status is not None:
            names = ", ".join(list(self._running)[:4])
            more = f" and {len(self._running) - 4} more" if len(self._running) > 4 else ""
            self._status.update(f"{self._succeeded} done; running: {names}{more}")


def _lines(log: Path) -> list[str]:
    try:
        return log.read_text(errors="replace").splitlines()
    except OSError:
        return []
