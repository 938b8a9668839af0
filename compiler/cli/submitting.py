"""`headrace submit`."""

import gc
import json
import os
import sys
from typing import TYPE_CHECKING

import click

from headrace.compiler.cli.delivery import FINDINGS
from headrace.compiler.cli.engine_options import (
    Engine,
    engine_errors,
    engine_options,
    full_name,
)
from headrace.compiler.cli.options import PipelineName, compiled, finish, pipeline_options
from headrace.compiler.cli.outcome import as_object, object_in_any_case, print_result
from headrace.compiler.cli.run_parameters import param_option, run_parameters

if TYPE_CHECKING:
    from headrace.compiler.engine import EngineClient, Run, Submission

_SUBMIT_EXAMPLES = """\b
Examples:
  headrace submit pipeline.py --target argo --context staging -n ml --param epochs=5 --wait
  headrace submit pipeline.py --target kubeflow --server http://localhost:8888
  headrace submit pipeline.py --target airflow --dags-folder /opt/airflow/dags --wait
"""


@click.command(epilog=_SUBMIT_EXAMPLES)
@pipeline_options
@engine_options(required=True)
@param_option
@click.option("--store", metavar="URL", help="The store of this run's artifacts.")
@click.option(
    "--dags-folder",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Airflow: write the DAG file there, and wait until Airflow has read it.",
)
@click.option("--wait", "-w", "waits", is_flag=True, help="Wait for the end of the run.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print one object on stdout, that of `headrace run --json`. All else goes to stderr.",
)
def submit(
    pipeline: PipelineName,
    settings: tuple[str, ...],
    profile: str | None,
    output_format: str,
    engine: Engine,
    assignments: tuple[str, ...],
    store: str | None,
    dags_folder: str | None,
    waits: bool,
    as_json: bool,
) -> None:
    """Compile a pipeline and start a run of it on an engine.

    What the engine needs for it is applied first, except a schedule. Without --wait the name of the
    run is printed, for `headrace status`, `logs`, `result` and `cancel`. An interrupted --wait
    leaves the run going.
    """
    target = str(engine.target)
    if dags_folder is not None and target != "airflow":
        raise click.UsageError(f"--dags-folder is for airflow: {target} takes manifests by its API")
    if dags_folder is not None and not os.path.isdir(dags_folder):
        raise click.UsageError(f"there is no folder {dags_folder!r} to write the DAG file to")
    with object_in_any_case(as_json):
        submission = _submission(
            pipeline, settings, profile, output_format, target, assignments, store, dags_folder
        )
        with engine_errors():
            client = engine.client(target)
            name = client.submit(submission)
    if waits:
        _wait(client, target, name, as_json)
    elif as_json:
        click.echo(json.dumps(as_object("waiting", None, full_name(target, name), [])))
    else:
        click.echo(full_name(target, name))


def _submission(
    pipeline: PipelineName,
    settings: tuple[str, ...],
    profile: str | None,
    output_format: str,
    target: str,
    assignments: tuple[str, ...],
    store: str | None,
    dags_folder: str | None,
) -> "Submission":
    """Compile what is to be run; when there are errors, print all findings and exit."""
    from headrace.compiler import driver
    from headrace.compiler.engine import Submission

    compilation = compiled(pipeline, settings, profile, output_format)
    emitted = driver.emit(compilation, (target,))
    finish(compilation, output_format)
    gc.enable()
    assert compilation.pipeline is not None
    return Submission(
        compilation.pipeline.name,
        emitted[target],
        run_parameters(compilation, assignments),
        store,
        dags_folder,
    )


def _wait(client: "EngineClient", target: str, name: str, as_json: bool) -> None:
    from headrace.compiler.cli.waiting import say, wait

    say(f"submitted {full_name(target, name)}")
    last: Run | None = None
    try:
        with engine_errors():
            last = wait(client, name)
    finally:
        if last is None:
            say(f"{full_name(target, name)} goes on: see `headrace status`, or `headrace cancel`")
            if as_json:
                click.echo(json.dumps(as_object("running", None, full_name(target, name), [])))
    show_outcome(client, target, last, as_json=as_json, store=None)


def show_outcome(
    client: "EngineClient", target: str, run: "Run", *, as_json: bool, store: str | None
) -> None:
    """Print what became of `run`, which has ended, as `headrace run` does.

    The exit code of a failed one is 1, as of one whose result cannot be read. The result is read
    from `store`, or from the one that the run had.
    """
    from headrace.compiler.engine import EngineError
    from headrace.targets.local.returned import read_returned

    sys.set_int_max_str_digits(0)  # an integer of any size is a result like another
    name, state, result, problem = full_name(target, run.name), run.state, None, run.message
    if state == "succeeded":
        try:
            result = read_returned(client.result(run.name), name, store)
        except EngineError as error:
            state, problem = (
                "failed",
                f"{error}\n  help: {error.hint}" if error.hint else str(error),
            )
    if as_json:
        steps = [step.public() for step in run.steps]
        click.echo(json.dumps(as_object(state, result, name, steps)))
    elif state == "succeeded":
        print_result(result)
    if state != "succeeded":
        click.echo(f"{name} failed: {problem}", err=True)
        raise click.exceptions.Exit(FINDINGS)
