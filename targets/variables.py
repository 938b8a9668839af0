"""Texts of settings that an engine would take for its own."""

from collections.abc import Iterator

from headrace.compiler import ir
from headrace.compiler.diagnostics import Diagnostic
from headrace.compiler.settings import StepSettings
from headrace.compiler.suggestions import first_of
from headrace.targets.accelerators import placed_steps

_SHOWN_STEPS = 3
"""How many steps are named that a setting concerns."""


def expanded_variables(pipeline: ir.Pipeline, mark: str, engine: str) -> Iterator[Diagnostic]:
    """Yield HR513 once for each setting and text that has `mark`, which `engine` would evaluate.

    One setting, such as `defaults.env`, may give it to all steps, and the IR does not say which
    setting did: the place is the pipeline's.
    """
    steps: dict[tuple[str, str], list[str]] = {}
    known: dict[int, list[tuple[str, str]]] = {}
    for node, placement in placed_steps(pipeline):
        if id(node.settings) not in known:
            texts = _texts(placement.applied(node.settings))
            known[id(node.settings)] = [(name, text) for name, text in texts if mark in text]
        for found in known[id(node.settings)]:
            steps.setdefault(found, []).append(node.id)
    for (name, _), ids in steps.items():
        shown = first_of(ids, _SHOWN_STEPS)
        is_variable = name.startswith("env.")
        yield Diagnostic(
            code="HR513",
            message=f"the setting `{name}` contains '{mark}', which {engine} would read as its own",
            span=pipeline.span,
            label=f"`{name}` of {shown}",
            hint="set the variable inside the step, or encode its text"
            if is_variable
            else f"write it without '{mark}'",
        )


def _texts(settings: StepSettings) -> Iterator[tuple[str, str]]:
    """Yield the texts of `settings` that may hold anything, each with the name of its setting."""
    yield from ((f"env.{name}", text) for name, text in settings.env.items())
    yield from ((f"annotations.{name}", text) for name, text in settings.annotations.items())
    for path, volume in settings.volumes.items():
        for text in (path, volume.sub_path or "", volume.host_path or ""):
            yield f'volumes."{path}"', text
    yield from (("pod", text) for text in _texts_in(settings.pod))


def _texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts_in(inner)
