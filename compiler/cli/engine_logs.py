"""`headrace logs`."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from headrace.compiler.cli.engine_options import (
    Engine,
    engine_errors,
    engine_options,
    run_argument,
    split_run,
)
from headrace.compiler.cli.waiting import patiently, pause, say

if TYPE_CHECKING:
    from headrace.compiler.engine import EngineClient, Run, Step, StepLog

_EXAMPLES = """\b
Examples:
  headrace logs argo/digits-x2k7q
  headrace logs argo/digits-x2k7q --step train --follow
"""


@click.command(epilog=_EXAMPLES)
@run_argument
@engine_options(required=False)
@click.option(
    "--step",
    "wanted",
    metavar="STEP",
    help="Only this step: its id in `headrace status`, without indices for those of all items.",
)
@click.option("--follow", "-f", is_flag=True, help="Go on until the run has ended.")
def logs(run: str, engine: Engine, wanted: str | None, follow: bool) -> None:
    """Print what the steps of a run on an engine wrote, each line with its step and source line.

    The lines of one attempt stand in their order; with --follow those of steps that run side by
    side mix.
    """
    target, name = split_run(engine, run)
    with engine_errors():
        shown = _Shown(engine.client(target), name, wanted)
        began = time.monotonic()
        while True:
            found = shown.client.status(name) if not follow else patiently(shown.client, name)
            for line in shown.next_lines(found):
                click.echo(line)
            if not follow or found.has_ended:
                break
            time.sleep(pause(began))
    if wanted is not None and not shown.met:
        known = ", ".join(dict.fromkeys(step.id for step in found.steps)) or "none has started"
        raise click.ClickException(f"{run} has no step {wanted!r} so far: {known}")


class _Shown:
    """The logs of a run, of which each line is shown once."""

    def __init__(self, client: "EngineClient", name: str, wanted: str | None) -> None:
        """Show those of the step `wanted`, or of all."""
        self.client, self.met = client, False
        self._name, self._wanted = name, wanted
        self._logs: dict[tuple[str, str], StepLog] = {}
        self._read: set[tuple[str, str]] = set()

    def next_lines(self, run: "Run") -> Iterator[str]:
        """Yield what was written since, as far as the steps are those of `run`."""
        for step in run.steps:
            if self._wanted is None or self._wanted in (step.id, without_indices(step.id)):
                self.met = True
                yield from self._of_step(step)

    def _of_step(self, step: "Step") -> Iterator[str]:
        for number, attempt in enumerate(step.attempts, 1):
            key = (step.id, attempt)
            if key in self._read or (step.state == "waiting" and number == len(step.attempts)):
                continue
            again = f" (attempt {number})" if number > 1 else ""
            for line in self._lines(key, step, attempt):
                yield f"{step.source} {step.id}{again} | {line}".lstrip()
            if step.has_ended or number < len(step.attempts):
                self._read.add(key)

    def _lines(self, key: tuple[str, str], step: "Step", attempt: str) -> list[str]:
        """Return new lines of an attempt; a log that is gone hides none of the others."""
        from headrace.compiler.engine import EngineError

        log = self._logs.get(key)
        if log is None:
            log = self._logs[key] = self.client.log(self._name, step, attempt)
        try:
            return log.next_lines()
        except EngineError as error:
            if error.passing and not step.has_ended:
                return []  # the next look has them
            say(f"{step.id}: {error}{f' ({error.hint})' if error.hint else ''}")
            self._read.add(key)
            return []


def without_indices(step: str) -> str:
    """Return the id of a step without the maps and items before it: `m[0].train` is `train`."""
    return step.rpartition(".")[2].partition("[")[0]
