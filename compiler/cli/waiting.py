"""Waits for a run on an engine, and tells on standard error what becomes of its steps."""

import sys
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from headrace.compiler.engine import EngineClient, Run, Step

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 5.0
"""Seconds between two looks at a run: the longer it takes, the more."""

_MOST_FAILURES = 20
"""Looks in a row that may fail by what is soon over, such as a connection that broke."""


def wait(client: "EngineClient", name: str) -> "Run":
    """Return the run `name` when it has ended.

    Raises:
        EngineError: what became of it cannot be had, and not only for a moment.
    """
    told, began = _Told(), time.monotonic()
    while True:
        run = patiently(client, name)
        told.tell(run)
        if run.has_ended:
            return run
        time.sleep(pause(began))


def patiently(client: "EngineClient", name: str) -> "Run":
    """Return what became of the run `name` so far; an engine may fail to answer for a while.

    Raises:
        EngineError: it fails for long, or says why.
    """
    from headrace.compiler.engine import EngineError

    for _ in range(_MOST_FAILURES):
        try:
            return client.status(name)
        except EngineError as error:
            if not error.passing:
                raise
            time.sleep(_LONGEST_PAUSE)
    return client.status(name)


def pause(began: float) -> float:
    """Return how many seconds to wait before the next look at a run that `began` at that time."""
    return min(_FIRST_PAUSE + (time.monotonic() - began) / 60, _LONGEST_PAUSE)


class _Told:
    """What was told of a run and its steps."""

    def __init__(self) -> None:
        self._steps: dict[str, tuple[str, str]] = {}
        self._message = ""

    def tell(self, run: "Run") -> None:
        """Tell what is new."""
        if run.message != self._message and not run.has_ended:
            self._message = run.message
            say(run.message)
        for step in run.steps:
            key = step.attempts[0] if step.attempts else step.id
            # Why a step waits is of interest each time; why it failed is told with its end.
            now = (step.state, step.message if step.state == "waiting" else "")
            before, self._steps[key] = self._steps.get(key, ("waiting", "")), now
            if now != before:
                say(_line(step))


def _line(step: "Step") -> str:
    because = f": {step.message}" if step.message else ""
    if step.state == "running":
        return f"{step.id}: started"
    if step.state == "waiting":
        return f"{step.id}: waiting{because}"
    if step.state == "succeeded":
        return f"{step.id}: succeeded in {step.seconds:.1f} s"
    return f"{step.id}: {step.state} in {step.seconds:.1f} s ({step.source}){because}"


def say(text: str) -> None:
    """Print `text` on standard error, if there is any."""
    if text:
        click.echo(text, err=True)
        sys.stderr.flush()
