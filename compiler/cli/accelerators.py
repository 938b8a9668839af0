"""`headrace accelerators`: what can be asked for, and where."""

import json
from collections.abc import Mapping

import click

from headrace.compiler.registry import load_placements

_EXAMPLES = """\b
Examples:
  headrace accelerators --platform gke
  headrace accelerators | grep a100
  headrace accelerators --platform eks --json > eks.json
"""

_COLUMNS = (
    "platform",
    "accelerator",
    "memory",
    "resource",
    "counts",
    "hosts",
    "fractions",
    "source",
)


def _platform(_: click.Context, __: click.Parameter, name: str | None) -> str | None:
    problem = None if name is None else load_placements().platform_problem(name)
    if problem is not None:
        raise click.BadParameter(f"{problem.message}: {problem.hint}")
    return name


def _complete_platform(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    return sorted(n for n in load_placements().platforms() if n.startswith(incomplete.lower()))


@click.command(epilog=_EXAMPLES)
@click.option(
    "--platform",
    metavar="NAME",
    callback=_platform,
    shell_complete=_complete_platform,
    help="What this platform has; without it, what all have.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with notes.")
def accelerators(platform: str | None, as_json: bool) -> None:
    """List what `accelerator` can ask for, with memory, resource and source.

    A count stands after the name, as in "a100-80gb:2"; a fraction before it, as in
    "a100-80gb/1g.10gb". `?` marks what is known too little.
    """
    rows = load_placements().rows(platform)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    table = [_COLUMNS, *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:
        click.echo("  ".join(map(str.ljust, cells, widths)).rstrip())


def _cells(row: Mapping[str, object]) -> tuple[str, ...]:
    memory, counts, fractions = row["memory_gib"], row["counts"], row["fractions"]
    assert isinstance(counts, tuple)
    assert isinstance(fractions, tuple)
    mark = "?" if row["confidence"] == "low" else ""
    return (
        str(row["platform"]),
        f"{row['accelerator']}{mark}",
        f"{memory:g} GB" if isinstance(memory, int | float) else "-",
        str(row["resource"]),
        ",".join(map(str, counts)) or "any",
        str(row["hosts"]),
        ",".join(fractions) or "-",
        str(row["source"]),
    )
