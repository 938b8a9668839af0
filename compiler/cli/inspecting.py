"""`headrace ir`, `graph`, `explain` and `targets`: what the compiler knows."""

import json
import sys

import click

from headrace.compiler.cli.options import PipelineName, compiled, finish, pipeline_options
from headrace.compiler.cli.streams import in_colour


def _print_schema(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from headrace.compiler.print_ir import schema

        click.echo(json.dumps(schema(), indent=2))
        context.exit()


_IR_EXAMPLES = """\b
Examples:
  headrace ir pipeline.py
  headrace ir pipeline.py:nightly --profile production --json
  headrace ir --schema > ir.schema.json
"""


@click.command("ir", epilog=_IR_EXAMPLES)
@pipeline_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of text.")
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_schema,
    help="Print the JSON schema of the JSON, and exit.",
)
def ir_command(
    pipeline: PipelineName,
    settings: tuple[str, ...],
    profile: str | None,
    output_format: str,
    as_json: bool,
) -> None:
    """Print the intermediate representation: what the compiler understood."""
    compilation = compiled(pipeline, settings, profile, output_format)
    assert compilation.pipeline is not None
    from headrace.compiler import print_ir

    if as_json:
        click.echo(print_ir.as_json(compilation.pipeline))
    else:
        click.echo(print_ir.print_pipeline(compilation.pipeline), nl=False)
    finish(compilation, output_format)


_GRAPH_EXAMPLES = """\b
Examples:
  headrace graph pipeline.py
  headrace graph pipeline.py:nightly > nightly.mmd
"""


@click.command(epilog=_GRAPH_EXAMPLES)
@pipeline_options
def graph(
    pipeline: PipelineName, settings: tuple[str, ...], profile: str | None, output_format: str
) -> None:
    """Print the pipeline as a Mermaid flowchart."""
    from headrace.compiler.graph import mermaid

    compilation = compiled(pipeline, settings, profile, output_format)
    assert compilation.pipeline is not None
    click.echo(mermaid(compilation.pipeline), nl=False)
    finish(compilation, output_format)


def _complete_code(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    from headrace.compiler.codes import CODES

    return [code for code in CODES if code.startswith(incomplete.upper())]


_EXPLAIN_EXAMPLES = """\b
Examples:
  headrace explain HR201
  headrace explain | grep warning
  headrace explain HR201 --output-format json
"""


@click.command(epilog=_EXPLAIN_EXAMPLES)
@click.argument("code", required=False, shell_complete=_complete_code)
@click.option(
    "--output-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="JSON holds code, title, severity and stage; of one CODE also its page, as Markdown.",
)
def explain(code: str | None, output_format: str) -> None:
    """Explain a diagnostic code, with an example; without a CODE, list them all."""
    from headrace.compiler.codes import CODES, explanation
    from headrace.compiler.suggestions import did_you_mean

    if code is None:
        if output_format == "json":
            click.echo(json.dumps([_meaning(known) for known in CODES], indent=2))
        else:
            for known, meaning in CODES.items():
                click.echo(f"{known}  {meaning.severity.value:<7}  {meaning.title}")
        return
    known = code.upper()
    if known not in CODES:
        hint = did_you_mean(code, CODES) or "`headrace explain` lists them all"
        raise click.UsageError(f"no diagnostic has the code {code!r}: {hint}")
    page = explanation(known)
    if output_format == "json":
        click.echo(json.dumps(_meaning(known) | {"page": page}, indent=2))
    elif sys.stdout.isatty() or in_colour(sys.stdout):
        from rich.console import Console
        from rich.markdown import Markdown

        Console().print(Markdown(page))
    else:
        click.echo(page, nl=False)


def _meaning(code: str) -> dict[str, str]:
    from headrace.compiler.codes import CODES

    meaning = CODES[code]
    return {
        "code": code,
        "title": meaning.title,
        "severity": meaning.severity.value,
        "stage": meaning.stage,
    }


_TARGETS_EXAMPLES = """\b
Examples:
  headrace targets
  headrace targets --json > targets.json
"""


@click.command(epilog=_TARGETS_EXAMPLES)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with reasons and references.")
def targets(as_json: bool) -> None:
    """Show what each target can express, and how."""
    from headrace.compiler.capability_table import as_objects, markdown
    from headrace.compiler.registry import TARGETS, load_target

    tables = [load_target(name).capabilities for name in TARGETS]
    if as_json:
        click.echo(json.dumps(as_objects(tables), indent=2))
    else:
        click.echo(markdown(tables), nl=False)
