"""`headrace run`."""

import gc
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from headrace.compiler.cli.delivery import FINDINGS
from headrace.compiler.cli.options import (
    PipelineName,
    compiled,
    finish,
    pipeline_options,
)

if TYPE_CHECKING:
    from headrace.compiler.driver import Compilation
    from headrace.targets.local import RunOutcome


_RUN_EXAMPLES = """\b
Examples:
  headrace run pipeline.py --param epochs=5 --param "rates=[0.1, 0.2]"
  headrace run pipeline.py:nightly --profile small --jobs 2
  headrace run pipeline.py --json > result.json
"""


@click.command(epilog=_RUN_EXAMPLES)
@pipeline_options
@click.option(
    "--param",
    "-p",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the pipeline: the text itself where it is a str, else JSON. Repeatable.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print one object on stdout: state, result, run and steps. All else goes to stderr.",
)
@click.option("--jobs", "-j", type=click.IntRange(min=1), help="How many steps run side by side.")
def run(
    pipeline: PipelineName,
    settings: tuple[str, ...],
    profile: str | None,
    output_format: str,
    assignments: tuple[str, ...],
    as_json: bool,
    jobs: int | None,
) -> None:
    """Run a pipeline here, each step in a process of its own.

    The record of the run is kept in .headrace/ beside the configuration. With --json, a pipeline
    that is refused and a run that is interrupted give an object too, without a run; wrong usage,
    which is exit code 2, gives none.
    """
    with _object_in_any_case(as_json):
        os.getcwd()  # steps are started here: `main` says it where the folder is gone
        compilation = compiled(pipeline, settings, profile, output_format)
        finish(compilation, output_format)
        gc.enable()
        _check_python(compilation)
        parameters = _parameters(compilation, assignments)
        outcome = _run(compilation, parameters, jobs)
    sys.set_int_max_str_digits(0)  # an integer of any size is a result like another
    if as_json:
        click.echo(json.dumps(_as_object(outcome)))
    elif outcome.state == "succeeded":
        _print_result(outcome.result)
    if outcome.state != "succeeded":
        raise click.exceptions.Exit(FINDINGS)


@contextmanager
def _object_in_any_case(as_json: bool) -> Iterator[None]:
    """Print the object of a failed run where none comes about: a program reads it in any case."""
    try:
        yield
    except click.UsageError:
        raise
    except (click.ClickException, click.exceptions.Exit, FileNotFoundError, KeyboardInterrupt):
        if as_json:
            click.echo(json.dumps({"state": "failed", "result": None, "run": None, "steps": []}))
        raise


def _check_python(compilation: "Compilation") -> None:
    """Refuse to run steps with a Python that they say they cannot run with."""
    from headrace.compiler.requires_python import allows

    wanted, ours = compilation.requires_python, sys.version_info[:3]
    if wanted is not None and not allows(wanted, ours):
        raise click.ClickException(
            f"cannot run here: requires-python is {wanted!r}, and this is Python "
            f"{'.'.join(map(str, ours))}: install headrace in an environment of such a Python"
        )


def _parameters(compilation: "Compilation", assignments: tuple[str, ...]) -> dict[str, str]:
    from headrace.compiler.driver import given_parameters
    from headrace.compiler.parameters import ParameterError, read_parameters

    assert compilation.pipeline is not None
    sys.set_int_max_str_digits(0)
    try:
        given = given_parameters(compilation)
        return read_parameters(compilation.pipeline.parameters, given, assignments)
    except ParameterError as error:
        raise click.UsageError(str(error)) from None


def _run(compilation: "Compilation", parameters: dict[str, str], jobs: int | None) -> "RunOutcome":
    from headrace.targets.local import run_pipeline

    assert compilation.pipeline is not None
    try:
        return run_pipeline(
            compilation.pipeline,
            parameters=parameters,
            import_path=compilation.import_path,
            project_folder=compilation.project_folder,
            jobs=jobs,
            progress=True,
        )
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        raise click.ClickException(f"cannot run here: {reason or error}") from None


def _as_object(outcome: "RunOutcome") -> dict[str, Any]:
    return {
        "state": outcome.state,
        "result": outcome.result,
        "run": outcome.run,
        "steps": outcome.steps,
    }


def _print_result(result: object) -> None:
    """Print `result` for a person: a text as it is, nothing for None, the rest as Python has it."""
    if result is None:
        return
    if isinstance(result, str):
        click.echo(result)
    elif len(short := json.dumps(result, ensure_ascii=False)) <= 100:
        click.echo(short)
    else:
        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
