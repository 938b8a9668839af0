"""`headrace compile` and `headrace check`."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headrace.compiler.cli.options import (
    FINDINGS,
    PipelineName,
    compiled,
    finish,
    pipeline_options,
    target_option,
)
from headrace.compiler.registry import MANIFEST_TARGETS, load_target

if TYPE_CHECKING:
    from headrace.compiler.driver import Compilation

_DEFAULT_FOLDER = "manifests"


@click.command("compile")
@pipeline_options
@target_option
@click.option(
    "--out",
    "-o",
    metavar="DIR",
    default=_DEFAULT_FOLDER,
    show_default=True,
    type=click.Path(path_type=Path),
    help="Write into DIR/<target>/.",
)
def compile_command(
    pipeline: PipelineName,
    settings: tuple[str, ...],
    profile: str | None,
    output_format: str,
    target_names: tuple[str, ...],
    out: Path,
) -> None:
    """Write the manifests of a pipeline for Argo, Kubeflow and Airflow.

    The same source gives the same bytes, anywhere. Either all files are written or none.
    """
    from headrace.compiler.cli.files import write_all

    compilation = compiled(pipeline, settings, profile, output_format)
    manifests = _manifests(compilation, target_names, out)
    finish(compilation, output_format)
    try:
        changed = write_all(manifests)
    except OSError as error:
        where = error.filename or out
        raise click.ClickException(f"cannot write {where}: {error.strerror or error}") from None
    for path in manifests:
        click.echo(f"{'wrote' if path in changed else 'unchanged'} {path}")
    for path in _stale(compilation, target_names, out, manifests):
        # stderr holds nothing but the findings where a machine reads them.
        click.echo(_stale_line(path), err=output_format == "text")


@click.command()
@pipeline_options
@target_option
@click.option(
    "--out",
    "-o",
    metavar="DIR",
    default=_DEFAULT_FOLDER,
    show_default=True,
    type=click.Path(path_type=Path),
    help="Compare with what stands in DIR/<target>/.",
)
def check(
    pipeline: PipelineName,
    settings: tuple[str, ...],
    profile: str | None,
    output_format: str,
    target_names: tuple[str, ...],
    out: Path,
) -> None:
    """Fail when the manifests on disk differ from what the source gives, and show how.

    What an earlier compilation wrote, and this source no longer gives, is a difference too.
    """
    from headrace.compiler.cli.files import difference

    compilation = compiled(pipeline, settings, profile, output_format)
    manifests = _manifests(compilation, target_names, out)
    finish(compilation, output_format)
    try:
        differences = [difference(path, text) for path, text in manifests.items()]
    except OSError as error:
        where = error.filename or out
        raise click.ClickException(f"cannot read {where}: {error.strerror or error}") from None
    for text in filter(None, differences):
        click.echo(text, nl=False)
    stale = _stale(compilation, target_names, out, manifests)
    for path in stale:
        click.echo(_stale_line(path))
    different = sum(map(bool, differences))
    if different:
        click.echo(f"{different} of {len(manifests)} manifests differ; run headrace compile")
    if different or stale:
        raise click.exceptions.Exit(FINDINGS)
    click.echo(f"{len(manifests)} manifests are up to date")


def _stale(
    compilation: "Compilation",
    target_names: tuple[str, ...],
    out: Path,
    manifests: Collection[Path],
) -> list[Path]:
    """Return the files that another state of the source made, and that could still be deployed.

    Without --target, the targets that are no longer configured count too.
    """
    pipeline = compilation.pipeline
    assert pipeline is not None
    places = (
        path
        for target in target_names or MANIFEST_TARGETS
        if (out / target).is_dir()
        for name in load_target(target).file_names(pipeline)
        for path in sorted((out / target).glob(name))
    )
    return [path for path in dict.fromkeys(places) if path not in manifests]


def _stale_line(path: Path) -> str:
    return f"stale {path}: the source no longer gives it; delete it, there and where it is deployed"


def _manifests(
    compilation: "Compilation", target_names: tuple[str, ...], out: Path
) -> dict[Path, str]:
    """Return the text of each file, by its path; the findings go to `compilation`."""
    from headrace.compiler import driver

    assert compilation.pipeline is not None
    wanted = target_names or compilation.pipeline.settings.targets or MANIFEST_TARGETS
    emitted = driver.emit(compilation, tuple(dict.fromkeys(wanted)))
    return {
        out / target / file.name: file.text for target, files in emitted.items() for file in files
    }
