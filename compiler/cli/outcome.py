"""How the outcome of a run is printed, wherever it ran."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click


@contextmanager
def object_in_any_case(as_json: bool) -> Iterator[None]:
    """Print the object of a failed run where none comes about: a program reads it in any case."""
    try:
        yield
    except click.UsageError:
        raise
    except (click.ClickException, click.exceptions.Exit, FileNotFoundError, KeyboardInterrupt):
        if as_json:
            click.echo(json.dumps(as_object("failed", None, None, [])))
        raise


def as_object(
    state: str, result: object, run: str | None, steps: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Return what `--json` prints of a run, wherever it runs."""
    return {"state": state, "result": result, "run": run, "steps": list(steps)}


def print_result(result: object) -> None:
    """Print `result` for a person: a text as it is, nothing for None, the rest as Python has it."""
    if result is None:
        return
    if isinstance(result, str):
        click.echo(result)
    elif len(short := json.dumps(result, ensure_ascii=False)) <= 100:
        click.echo(short)
    else:
        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
