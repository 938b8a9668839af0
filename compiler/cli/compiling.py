"""`headrace compile` and `headrace check`."""

from collections.abc import Callable
from typing import Any

import click

from headrace.compiler.cli import cache
from headrace.compiler.cli.delivery import Undelivered, deliver
from headrace.compiler.cli.options import (
    PipelineName,
    compiled,
    findings,
    finish,
    pipeline_options,
    target_option,
)
from headrace.compiler.cli.request import DEFAULT_OUT, Request
from headrace.compiler.file_access import recorded
from headrace.compiler.registry import MANIFEST_TARGETS, load_target

_no_cache = click.option(
    "--no-cache",
    is_flag=True,
    help="Compile anew, and keep nothing in the cache.",
)


def _out_folder(_: click.Context, __: click.Parameter, folder: str) -> str:
    if not folder:
        raise click.BadParameter("name a folder; `.` is the current one")
    return folder


def out_option(text: str) -> Callable[[Any], Any]:
    """Return the option --out, with `text` as its help."""
    return click.option(
        "--out",
        "-o",
        metavar="DIR",
        default=DEFAULT_OUT,
        show_default=True,
        callback=_out_folder,
        help=text,
    )


_COMPILE_EXAMPLES = """\b
Examples:
  headrace compile pipeline.py
  headrace compile pipeline.py --target argo --target airflow --out deploy
  headrace compile pipeline.py:nightly --set steps.train.memory=64Gi
"""


@click.command("compile", epilog=_COMPILE_EXAMPLES)
@pipeline_options
@target_option
@out_option("Write into DIR/<target>/.")
@_no_cache
def compile_command(**arguments: Any) -> int:
    """Write the manifests of a pipeline for Argo, Kubeflow and Airflow.

    The same source gives the same bytes, anywhere. Either all files are written or none.
    """
    return _answer("compile", **arguments)


_CHECK_EXAMPLES = """\b
Examples:
  headrace check pipeline.py
  headrace check pipeline.py --target argo --out deploy
  headrace check pipeline.py --output-format github      (in a workflow of GitHub)
"""


@click.command(epilog=_CHECK_EXAMPLES)
@pipeline_options
@target_option
@out_option("Compare with what stands in DIR/<target>/.")
@_no_cache
def check(**arguments: Any) -> int:
    """Fail when the manifests on disk differ from what the source gives, and show how.

    What an earlier compilation wrote, and this source no longer gives, is a difference too.
    """
    return _answer("check", **arguments)


def _answer(
    command: str,
    *,
    pipeline: PipelineName,
    settings: tuple[str, ...],
    profile: str | None,
    output_format: str,
    target_names: tuple[str, ...],
    out: str,
    no_cache: bool,
) -> int:
    request = Request(
        command,
        pipeline.given_path,
        pipeline.function,
        settings=settings,
        profile=profile,
        output_format=output_format,
        targets=target_names,
        out=out,
    )
    kept = None if no_cache else cache.find(request)
    try:
        return deliver(request, kept or _compiled(request, pipeline, keep=not no_cache))
    except Undelivered as error:
        raise click.ClickException(str(error)) from None


def _compiled(request: Request, pipeline: PipelineName, *, keep: bool) -> cache.Kept:
    """Compile what `request` asks for; when there are errors, print all findings and exit."""
    from headrace.compiler import driver, processes

    with recorded() as accesses:
        compilation = compiled(pipeline, request.settings, request.profile, request.output_format)
        assert compilation.pipeline is not None
        wanted = request.targets or compilation.pipeline.settings.targets or MANIFEST_TARGETS
        targets = tuple(dict.fromkeys(wanted))
        emitted = driver.emit(compilation, targets, processes=processes.available())
    if compilation.diagnostics.failed:
        finish(compilation, request.output_format)
    texts = {f"{target}/{file.name}": file.text for target in emitted for file in emitted[target]}
    # Without --target, the files of targets that are no longer configured count too.
    possible = {
        target: compilation.checked.get(target)
        or load_target(target).file_names(compilation.pipeline)
        for target in request.targets or MANIFEST_TARGETS
    }
    kept = cache.Kept(texts, findings(compilation, request.output_format), possible)
    if keep:
        cache.keep(request, accesses, kept)
    return kept
