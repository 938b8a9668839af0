"""What a run tells while it goes: lines, and on a terminal the steps that run now."""

import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from headrace.targets.local.logs import GrowingLog, last_lines
from headrace.targets.local.record import StepRecord

if TYPE_CHECKING:
    from rich.status import Status

_SHOWN_STEPS = 4
"""How many running steps the line at the bottom names."""

_SHOWN_FAILURES = 5
_NAMED_FAILURES = 20
"""How many failed steps are shown with what they wrote, and how many more with one line."""

_SHOWN_LINES = 60
"""How many lines of a failed step are shown; the traceback stands at their end."""


class Progress:
    """Writes to standard error; `enabled` False writes only what a failed step said."""

    def __init__(self, enabled: bool, stream: TextIO | None = None) -> None:
        """Begin to tell, on a terminal with a line that stays at the bottom."""
        self.enabled = enabled
        self._stream = stream or sys.stderr
        self._running: dict[str, GrowingLog] = {}
        self._succeeded = 0
        self._status: Status | None = None
        if enabled and self._stream.isatty():
            from rich.console import Console

            self._status = Console(file=self._stream).status("starting")
            self._status.start()

    def started(self, step: StepRecord, log: Path) -> None:
        """Tell that an attempt at `step` begins, which writes to `log`."""
        if not self.enabled:
            return
        self._running[step.id] = GrowingLog(log)
        if self._status is None:
            again = f" (attempt {step.attempts})" if step.attempts > 1 else ""
            self._line(f"{step.id}: started{again}")
        self._refresh()

    def follow(self) -> None:
        """Tell what the running steps have written since the last time."""
        for name, log in self._running.items():
            for line in log.next_lines():
                self._line(f"{name} | {line}")

    def ended(self, step: StepRecord, next_attempt: float | None = None) -> None:
        """Tell what became of an attempt at `step`; `next_attempt` comes in so many seconds."""
        if not self.enabled:
            return
        for line in self._running.pop(step.id).rest():
            self._line(f"{step.id} | {line}")
        self._succeeded += step.state == "succeeded"
        became = "succeeded" if step.state == "succeeded" else "failed"
        again = "" if next_attempt is None else f"; next attempt in {next_attempt:g} s"
        self._line(f"{step.id}: {became} in {step.seconds:.1f} s{again}")
        self._refresh()

    def failures(self, steps: list[tuple[StepRecord, Path]]) -> None:
        """Show at the end what the failed steps wrote, with their place in the source."""
        for step, log in steps[:_SHOWN_FAILURES]:
            self._say(f"\nstep {step.id} failed ({step.source}, {step.function})")
            for line in last_lines(log, _SHOWN_LINES):
                self._say(f"  {line}")
            self._say(f"  log: {log}")
        for step, _ in steps[_SHOWN_FAILURES:_NAMED_FAILURES]:
            self._say(f"step {step.id} failed ({step.source}): {step.message}")
        if len(steps) > _NAMED_FAILURES:
            self._say(f"and {len(steps) - _NAMED_FAILURES} more steps failed")

    def close(self) -> None:
        """Take the line at the bottom away."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _line(self, text: str) -> None:
        if self._status is not None:
            self._status.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            self._say(text)

    def _say(self, text: str) -> None:
        # A terminal may not have every character that a step wrote.
        encoding = self._stream.encoding or "utf-8"
        text = text.encode(encoding, "backslashreplace").decode(encoding)
        print(text, file=self._stream, flush=True)

    def _refresh(self) -> None:
        if self._status is not None:
            names = ", ".join(islice(self._running, _SHOWN_STEPS))
            left = len(self._running) - _SHOWN_STEPS
            more = f" and {left} more" if left > 0 else ""
            from rich.text import Text

            self._status.update(Text(f"{self._succeeded} done; running: {names}{more}"))
