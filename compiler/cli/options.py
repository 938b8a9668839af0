"""What several commands share: how a pipeline is named, configured and compiled."""

import gc
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from headrace.compiler.cli.cache import is_coloured
from headrace.compiler.cli.delivery import FINDINGS
from headrace.compiler.cli.request import OUTPUT_FORMATS, file_and_function
from headrace.compiler.registry import MANIFEST_TARGETS

if TYPE_CHECKING:
    from headrace.compiler.driver import Compilation

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class PipelineName:
    """What FILE[:FUNCTION] names."""

    given_path: str
    function: str | None

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self.given_path)


def _pipeline_name(_: click.Context, __: click.Parameter, value: str) -> PipelineName:
    file, function = file_and_function(value)
    if function is not None and not function.isidentifier():
        raise click.BadParameter(f"{function!r} in {value!r} is not the name of a function")
    if os.path.isdir(file):
        raise click.BadParameter(f"{file!r} is a folder; name a Python module in it")
    if not os.path.isfile(file):
        raise click.BadParameter(f"there is no file {file!r}")
    return PipelineName(file, function)


def pipeline_options(command: Command) -> Command:
    """Add what names and configures one pipeline: FILE, --set, --profile, --output-format."""
    for option in reversed(
        (
            click.argument(
                "pipeline",
                metavar="FILE[:FUNCTION]",
                type=click.Path(),  # for the shell's completion; the callback checks it
                callback=_pipeline_name,
            ),
            click.option(
                "--set",
                "settings",
                multiple=True,
                metavar="KEY=VALUE",
                help="Override a setting, as in --set steps.train.memory=64Gi. Repeatable.",
            ),
            click.option("--profile", metavar="NAME", help="Apply [profiles.NAME]."),
            click.option(
                "--output-format",
                type=click.Choice(OUTPUT_FORMATS),
                default=OUTPUT_FORMATS[0],
                show_default=True,
                help="How errors and warnings are written (to stderr).",
            ),
        )
    ):
        command = option(command)
    return command


def target_option(command: Command) -> Command:
    """Add --target."""
    return click.option(
        "--target",
        "-t",
        "target_names",
        multiple=True,
        type=click.Choice(MANIFEST_TARGETS),
        help="A target; repeatable. Default: `targets` in the configuration, else all.",
    )(command)


def compiled(
    pipeline: PipelineName, settings: tuple[str, ...], profile: str | None, output_format: str
) -> "Compilation":
    """Compile `pipeline`; when there are errors, print all findings and exit with 1.

    The collection of cycles is off from then on.
    """
    from headrace.compiler import driver

    # A compilation makes many objects and few cycles: looking for these takes a fifth of its time.
    gc.disable()
    compilation = driver.compile_source(
        pipeline.path, pipeline.function, settings=settings, profile=profile
    )
    if compilation.diagnostics.failed or compilation.pipeline is None:
        finish(compilation, output_format)
    return compilation


def finish(compilation: "Compilation", output_format: str) -> None:
    """Print the findings of `compilation`; exit with 1 if one of them is an error."""
    print_findings(compilation, output_format)
    if compilation.diagnostics.failed:
        raise click.exceptions.Exit(FINDINGS)


def print_findings(compilation: "Compilation", output_format: str) -> None:
    """Print the findings of `compilation` on stderr."""
    click.echo(findings(compilation, output_format), err=True, nl=False)


def findings(compilation: "Compilation", output_format: str) -> str:
    """Return the findings of `compilation` as they are printed."""
    from headrace.compiler import render

    def shown(path: str) -> str:
        source = compilation.sources.get(path)
        return _from_here(source.path) if source and path != "--set" else path

    found = list(compilation.diagnostics)
    if output_format == "json":
        return render.as_json(found, shown)
    if output_format == "github":
        return render.as_github(found, shown)
    text = render.as_text(found, compilation.sources, colour=is_coloured(), shown=shown)
    errors = [finding.code for finding in found if finding.severity == "error"]
    if errors:
        count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
        text += f"{count}; `headrace explain {errors[0]}` says more\n"
    return text


def _from_here(path: Path) -> str:
    """Return `path` as an editor started here would open it."""
    absolute, here = path.absolute(), Path.cwd()
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute)
