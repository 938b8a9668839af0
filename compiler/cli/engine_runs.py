"""`headrace status`, `result`, `cancel` and `list`: runs on an engine."""

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from headrace.compiler.cli.delivery import FINDINGS
from headrace.compiler.cli.engine_options import (
    Engine,
    engine_errors,
    engine_options,
    full_name,
    run_argument,
    split_run,
)
from headrace.compiler.cli.outcome import as_object
from headrace.compiler.cli.submitting import show_outcome

if TYPE_CHECKING:
    from headrace.compiler.engine import Run

_STATUS_EXAMPLES = """\b
Examples:
  headrace status argo/digits-x2k7q
  headrace status digits-x2k7q --target argo -n ml --json
"""


@click.command(epilog=_STATUS_EXAMPLES)
@run_argument
@engine_options(required=False)
@click.option("--json", "as_json", is_flag=True, help="Print state, run and steps as JSON.")
def status(run: str, engine: Engine, as_json: bool) -> None:
    """Show what became of a run on an engine, step by step.

    RUN is what `headrace submit` and `headrace list` print.
    """
    target, name = split_run(engine, run)
    with engine_errors():
        found = engine.client(target).status(name)
    if as_json:
        steps = [step.public() for step in found.steps]
        click.echo(json.dumps(as_object(found.state, None, full_name(target, name), steps)))
        return
    for what, text in _summary(target, found):
        if text:
            click.echo(f"{what:<9} {text}")
    if found.steps:
        click.echo()
        _print_table(
            ("STEP", "STATE", "ATTEMPTS", "SECONDS", "SOURCE", "MESSAGE"),
            (
                (
                    step.id,
                    step.state,
                    str(len(step.attempts)),
                    f"{step.seconds:.1f}",
                    step.source,
                    step.message,
                )
                for step in found.steps
            ),
        )


def _summary(target: str, run: "Run") -> Iterable[tuple[str, str]]:
    yield "run", full_name(target, run.name)
    yield "pipeline", run.pipeline
    yield "state", run.state
    yield "started", run.started.isoformat(sep=" ", timespec="seconds") if run.started else ""
    yield "ended", run.ended.isoformat(sep=" ", timespec="seconds") if run.ended else ""
    yield "message", run.message


_RESULT_EXAMPLES = """\b
Examples:
  headrace result argo/digits-x2k7q
  headrace result argo/digits-x2k7q --store /mnt/artifacts --json
"""


@click.command(epilog=_RESULT_EXAMPLES)
@run_argument
@engine_options(required=False)
@click.option("--store", metavar="URL", help="Where the store of the run is on this machine.")
@click.option("--json", "as_json", is_flag=True, help="Print the object of `headrace run --json`.")
def result(run: str, engine: Engine, store: str | None, as_json: bool) -> None:
    """Print what a run on an engine returned.

    A run that has failed, or has not ended, exits with 1. Files of the result are copied to
    .headrace/runs/ here.
    """
    target, name = split_run(engine, run)
    with engine_errors():
        client = engine.client(target)
        found = client.status(name)
    if not found.has_ended:
        if as_json:
            steps = [step.public() for step in found.steps]
            click.echo(json.dumps(as_object(found.state, None, full_name(target, name), steps)))
        click.echo(f"{full_name(target, name)} has not ended: it is {found.state}", err=True)
        raise click.exceptions.Exit(FINDINGS)
    show_outcome(client, target, found, as_json=as_json, store=store)


_CANCEL_EXAMPLES = """\b
Examples:
  headrace cancel argo/digits-x2k7q
  headrace cancel kubeflow/0b6f29f4-8f3c-4a08-9d0a-0d3a6e2f7c11 -n team-a
"""


@click.command(epilog=_CANCEL_EXAMPLES)
@run_argument
@engine_options(required=False)
def cancel(run: str, engine: Engine) -> None:
    """Stop a run on an engine: its running steps are ended, and no other is started.

    Steps of `finally` are not started either.
    """
    target, name = split_run(engine, run)
    with engine_errors():
        engine.client(target).cancel(name)
    click.echo(f"cancelled {full_name(target, name)}")


_LIST_EXAMPLES = """\b
Examples:
  headrace list --target argo
  headrace list --target airflow --limit 100 --json
"""


@click.command("list", epilog=_LIST_EXAMPLES)
@engine_options(required=True)
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many."
)
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects as JSON.")
def list_runs(engine: Engine, limit: int, as_json: bool) -> None:
    """List the newest runs of pipelines that headrace compiled, whoever started them."""
    target = str(engine.target)
    with engine_errors():
        found = engine.client(target).runs(limit)
    if as_json:
        click.echo(json.dumps([_listed(target, run) for run in found]))
        return
    _print_table(
        ("RUN", "PIPELINE", "STATE", "STARTED"),
        (
            (
                full_name(target, run.name),
                run.pipeline,
                run.state,
                run.started.isoformat(sep=" ", timespec="seconds") if run.started else "",
            )
            for run in found
        ),
    )


def _listed(target: str, run: "Run") -> dict[str, str | None]:
    return {
        "run": full_name(target, run.name),
        "pipeline": run.pipeline,
        "state": run.state,
        "started": run.started.isoformat() if run.started else None,
    }


def _print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print columns as kubectl does: two spaces between them, none at the end of a line."""
    table = [head, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
