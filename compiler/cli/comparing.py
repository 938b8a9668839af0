"""`headrace diff`."""

from collections.abc import Mapping
from pathlib import Path

import click

from headrace.compiler.cli.compiling import out_option
from headrace.compiler.cli.delivery import FINDINGS
from headrace.compiler.cli.files import difference, unified
from headrace.compiler.cli.options import (
    PipelineName,
    compiled,
    findings,
    finish,
    pipeline_argument,
    settings_option,
    target_option,
)
from headrace.compiler.registry import MANIFEST_TARGETS

_EXAMPLES = """\b
Examples:
  headrace diff pipeline.py                               (disk against the source)
  headrace diff pipeline.py --profile gke --profile eks   (one profile against the other)
  headrace diff pipeline.py --target argo --set steps.train.accelerator=a100
"""


@click.command(epilog=_EXAMPLES)
@pipeline_argument
@settings_option
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME",
    help="Apply [profiles.NAME]; given twice, compare what the two give.",
)
@target_option
@out_option("Compare with what stands in DIR/<target>/.")
def diff(
    pipeline: PipelineName,
    settings: tuple[str, ...],
    profiles: tuple[str, ...],
    target_names: tuple[str, ...],
    out: str,
) -> None:
    """Show what changes in the manifests, as a unified diff; exit with 1 if anything does.

    Compared is what stands on disk with what the source gives now; with two profiles, what the
    source gives with the first and with the second.
    """
    if len(profiles) > 2:
        raise click.UsageError("two profiles can be compared, not more")
    if len(profiles) == 2:
        (old, warnings), (new, more) = (
            _compiled(pipeline, settings, each, target_names) for each in profiles
        )
        warnings += more if more != warnings else ""
        text = _between(old, new, profiles)
    else:
        profile = next(iter(profiles), None)
        texts, warnings = _compiled(pipeline, settings, profile, target_names)
        text = _from_disk(texts, out)
    click.echo(warnings, err=True, nl=False, color=True)
    click.echo(text, nl=False)
    if text:
        raise click.exceptions.Exit(FINDINGS)


def _compiled(
    pipeline: PipelineName,
    settings: tuple[str, ...],
    profile: str | None,
    target_names: tuple[str, ...],
) -> tuple[dict[str, str], str]:
    """Return the texts of all files, by `TARGET/NAME`, and the warnings as they are printed.

    When there are errors, print all findings and exit.
    """
    from headrace.compiler import driver

    compilation = compiled(pipeline, settings, profile, "text")
    assert compilation.pipeline is not None
    wanted = target_names or compilation.pipeline.settings.targets or MANIFEST_TARGETS
    emitted = driver.emit(compilation, tuple(dict.fromkeys(wanted)))
    if compilation.diagnostics.failed:
        finish(compilation, "text")
    texts = {f"{target}/{file.name}": file.text for target in emitted for file in emitted[target]}
    return texts, findings(compilation, "text")


def _between(old: Mapping[str, str], new: Mapping[str, str], profiles: tuple[str, ...]) -> str:
    first, second = profiles
    return "".join(
        unified(
            old.get(name, ""),
            new.get(name, ""),
            f"{name} (profile {first})",
            f"{name} (profile {second})",
        )
        for name in dict.fromkeys((*old, *new))
    )


def _from_disk(texts: Mapping[str, str], out: str) -> str:
    files = {Path(out, *name.split("/")): text for name, text in texts.items()}
    try:
        return "".join(difference(path, text) for path, text in files.items())
    except OSError as error:
        message = f"cannot read {error.filename or out}: {error.strerror or error}"
        raise click.ClickException(message) from None
