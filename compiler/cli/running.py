"""`headrace run`."""

import gc
import json
import os
import sys
from typing import TYPE_CHECKING

import click

from headrace.compiler.cli.delivery import FINDINGS
from headrace.compiler.cli.options import PipelineName, compiled, finish, pipeline_options
from headrace.compiler.cli.outcome import as_object, object_in_any_case, print_result
from headrace.compiler.cli.run_parameters import param_option, run_parameters

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
@param_option
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
    with object_in_any_case(as_json):
        os.getcwd()  # steps are started here: `main` says it where the folder is gone
        compilation = compiled(pipeline, settings, profile, output_format)
        finish(compilation, output_format)
        gc.enable()
        _check_python(compilation)
        parameters = run_parameters(compilation, assignments)
        outcome = _run(compilation, parameters, jobs)
    sys.set_int_max_str_digits(0)  # an integer of any size is a result like another
    if as_json:
        click.echo(json.dumps(as_object(outcome.state, outcome.result, outcome.run, outcome.steps)))
    elif outcome.state == "succeeded":
        print_result(outcome.result)
    if outcome.state != "succeeded":
        raise click.exceptions.Exit(FINDINGS)


def _check_python(compilation: "Compilation") -> None:
    """Refuse to run steps with a Python that they say they cannot run with."""
    from headrace.compiler.requires_python import allows

    wanted, ours = compilation.requires_python, sys.version_info[:3]
    if wanted is not None and not allows(wanted, ours):
        raise click.ClickException(
            f"cannot run here: requires-python is {wanted!r}, and this is Python "
            f"{'.'.join(map(str, ours))}: install headrace in an environment of such a Python"
        )


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
