"""Findings about the pods of steps, each at the setting that caused it, once for all its steps."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from headrace.compiler import dataflow, ir
from headrace.compiler.configuration import Configuration
from headrace.compiler.diagnostics import Diagnostic, Related
from headrace.compiler.settings import StepSettings
from headrace.compiler.source import Span
from headrace.compiler.suggestions import first_of
from headrace.compiler.toml_places import TomlPath

_SHOWN_STEPS = 3
"""How many steps are named that one setting concerns."""

_Step: TypeAlias = ir.Call | ir.Compute


@dataclass(frozen=True)
class Finding:
    """What is wrong with a pod.

    It stands at the first of `paths`, from the step's table on, that is set for the step; else
    nothing is set, and it stands at the step, which has `missing`.
    """

    code: str
    message: str
    hint: str
    paths: tuple[TomlPath, ...] = ()
    missing: str = ""
    related: Related | None = None


def diagnostics(
    pipeline: ir.Pipeline,
    configuration: Configuration,
    check: Callable[[StepSettings], Iterable[Finding]],
) -> Iterator[Diagnostic]:
    """Yield an error for each thing that `check` finds in the settings of a step of `pipeline`."""
    found: dict[tuple[Finding, Span], list[str]] = {}
    known: dict[int, list[Finding]] = {}  # steps share the objects of their settings
    for step in _steps(pipeline.body):
        key = id(step.settings)
        if key not in known:
            known[key] = [*check(step.settings)]
        for finding in known[key]:
            at = _place(finding, step, configuration, pipeline)
            found.setdefault((finding, at), []).append(step.id)
    for (finding, at), ids in found.items():
        shown = first_of(ids, _SHOWN_STEPS)
        yield Diagnostic(
            code=finding.code,
            message=finding.message,
            span=at,
            label=f"{finding.missing}: {shown}" if finding.missing else f"in the pod of {shown}",
            hint=finding.hint,
            related=(finding.related,) if finding.related else (),
        )


def _steps(block: ir.Block) -> Iterator[_Step]:
    for node in dataflow.walk(block):
        if isinstance(node, ir.Call | ir.Compute):
            yield node


def _place(
    finding: Finding, step: _Step, configuration: Configuration, pipeline: ir.Pipeline
) -> Span:
    names = [step.id]
    if isinstance(step, ir.Call):
        names.insert(0, step.function.partition(":")[2])
    for path in finding.paths:
        for span in configuration.places(names, path):
            return span
    return step.span if finding.missing else pipeline.span


def path_in_pod(
    settings: StepSettings, kind: str, name: object, *rest: str
) -> tuple[TomlPath, ...]:
    """Return the paths, the best first, of `rest` of what is called `name` in the list `kind`."""
    listed: list[dict[str, Any]] = settings.pod.get(kind, [])
    for index, element in enumerate(listed):
        if element.get("name") == name:
            depths = range(len(rest), -1, -1)
            paths: list[TomlPath] = [("pod", kind, index, *rest[:depth]) for depth in depths]
            return (*paths, ("pod", kind), ("pod",))
    return (("pod", kind), ("pod",))
