"""What several commands share: how a pipeline is named, configured and compiled."""

import gc
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from headrace.compiler.cli.delivery import FINDINGS
from headrace.compiler.cli.request import OUTPUT_FORMATS, file_and_function
from headrace.compiler.cli.streams import in_colour
from headrace.compiler.registry import MANIFEST_TARGETS

if TYPE_CHECKING:
    from headrace.compiler.diagnostics import Diagnostic
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


pipeline_argument = click.argument(
    "pipeline",
    metavar="FILE[:FUNCTION]",
    type=click.Path(),  # for the shell's completion; the callback checks it
    callback=_pipeline_name,
)
"""FILE[:FUNCTION]."""

settings_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a setting, as in --set steps.train.memory=64Gi. Repeatable.",
)
"""--set."""


def pipeline_options(command: Command) -> Command:
    """Add what names and configures one pipeline: FILE, --set, --profile, --output-format."""
    for option in reversed(
        (
            pipeline_argument,
            settings_option,
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


def _target_names(_: click.Context, __: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    from headrace.compiler.suggestions import did_you_mean, known_names

    for name in names:
        if name not in MANIFEST_TARGETS:
            hint = did_you_mean(name, MANIFEST_TARGETS) or known_names(MANIFEST_TARGETS)
            raise click.BadParameter(f"no manifest is written for {name!r}: {hint}")
    return names


def _complete_target(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    return [name for name in MANIFEST_TARGETS if name.startswith(incomplete)]


def target_option(command: Command) -> Command:
    """Add --target."""
    return click.option(
        "--target",
        "-t",
        "target_names",
        multiple=True,
        metavar=f"[{'|'.join(MANIFEST_TARGETS)}]",
        callback=_target_names,
        shell_complete=_complete_target,
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
    # Without being told, click takes colours away from whatever is no terminal.
    click.echo(findings(compilation, output_format), err=True, nl=False, color=True)


def findings(compilation: "Compilation", output_format: str) -> str:
    """Return the findings of `compilation` as they are printed."""
    from headrace.compiler import driver, render
    from headrace.compiler.source import COMMAND_LINE

    def shown(path: str) -> str:
        source = compilation.sources.get(path)
        return _from_here(source.path) if source and path != COMMAND_LINE else path

    found = driver.findings(compilation)
    if output_format == "json":
        return render.as_json(found, shown)
    if output_format == "github":
        return render.as_github(found, shown)
    if output_format == "sarif":
        from headrace.compiler.sarif import as_sarif

        return as_sarif(found, _from_here(compilation.path), shown)
    return _for_people(found, compilation, shown)


def _for_people(
    findings: "list[Diagnostic]", compilation: "Compilation", shown: Callable[[str], str]
) -> str:
    from headrace.compiler import render

    text = render.as_text(
        findings,
        compilation.sources,
        colour=in_colour(sys.stderr),
        encoding=sys.stderr.encoding or "utf-8",
        shown=shown,
    )
    errors = [finding.code for finding in findings if finding.severity == "error"]
    if errors:
        count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
        text += f"{count}; `headrace explain {errors[0]}` says more\n"
    return text


def _from_here(path: Path) -> str:
    """Return `path` as an editor started here would open it."""
    absolute, here = path.absolute(), Path.cwd()
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute)
