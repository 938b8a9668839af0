"""Environment variables of steps whose text an engine would take for its own."""

from collections.abc import Iterator

from headrace.compiler import dataflow, ir
from headrace.compiler.diagnostics import Diagnostic
from headrace.targets.accelerators import place

_SHOWN_STEPS = 3
"""How many steps are named that a variable is set in."""


def expanded_variables(pipeline: ir.Pipeline, mark: str, engine: str) -> Iterator[Diagnostic]:
    """Yield HR513 once for each variable and text that has `mark`, which `engine` would evaluate.

    One setting, such as `defaults.env`, may give it to all steps, and the IR does not say which
    setting did: the place is the pipeline's.
    """
    steps: dict[tuple[str, str], list[str]] = {}
    for node in dataflow.walk(pipeline.body):
        if isinstance(node, ir.Call | ir.Compute):
            for name, text in place(node.settings, pipeline.settings).environment.items():
                if mark in text:
                    steps.setdefault((name, text), []).append(node.id)
    for (name, _), ids in steps.items():
        more = len(ids) - _SHOWN_STEPS
        shown = ", ".join(ids[:_SHOWN_STEPS]) + (f" and {more} more" if more > 0 else "")
        yield Diagnostic(
            code="HR513",
            message=f"the setting `env.{name}` contains '{mark}', "
            f"which {engine} would read as its own",
            span=pipeline.span,
            label=f"`env.{name}` of {shown}",
            hint="set the variable inside the step, or encode its text",
        )
