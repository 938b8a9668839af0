"""The limits of Argo and Kubernetes that a pipeline is checked against before it is written."""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from headrace.compiler import dataflow, ir
from headrace.compiler.dataflow import AnyNode, AnyValue
from headrace.compiler.diagnostics import Diagnostic
from headrace.compiler.source import Span
from headrace.runtime import wire
from headrace.targets.accelerators import placed_steps
from headrace.targets.argo import manifest
from headrace.targets.argo.dags import Lowering
from headrace.targets.argo.emit import Lowered
from headrace.targets.variables import expanded_variables
from headrace.targets.widths import too_long_lists

WORKFLOW_NAME = 63
"""Characters in the name of a workflow template: it becomes the value of a label."""

CRON_WORKFLOW_NAME = 52
"""Characters in the name of a CronWorkflow, to which 11 are added for each run:
https://github.com/argoproj/argo-workflows/blob/main/workflow/validate/validate.go"""

TEMPLATE_NAME = 128
"""Characters in the name of a template or a task, by the CRD."""

ARGUMENT_BYTES = 131_071
"""The longest single argument or variable of a Linux process, in bytes (MAX_ARG_STRLEN)."""

CONSTANT_BYTES = ARGUMENT_BYTES - 1_071
"""The longest constant: what is left beside the name of the option that it is passed in."""

RUN_BYTES = 1_048_576
"""The longest JSON of a run: its status repeats all templates, also those of other objects, beside
the state of its steps, which a controller can be set up to keep elsewhere (MAX_WORKFLOW_SIZE):
https://github.com/argoproj/argo-workflows/blob/main/workflow/packer/packer.go"""


def check(
    pipeline: ir.Pipeline, lower: Callable[[ir.Pipeline], Lowered] = Lowered.of
) -> Iterator[Diagnostic]:
    """Yield an error for each name, constant, list and object past a limit."""
    yield from too_long_lists(pipeline, "Argo Workflows")
    yield from _constants(pipeline)
    yield from _environments(pipeline)
    yield from expanded_variables(pipeline, "{{", "Argo")
    yield from _defaults(pipeline)
    lowered = lower(pipeline)
    yield from _names(pipeline, lowered)
    yield from _lists(pipeline, lowered.lowering)
    yield from _size_of_a_run(pipeline, lowered.documents)


def _names(pipeline: ir.Pipeline, lowered: Lowered) -> Iterator[Diagnostic]:
    scheduled = pipeline.settings.schedule is not None
    yield from _object_name(pipeline, pipeline.name, scheduled=scheduled)
    for part in lowered.documents[1:]:
        yield from _object_name(pipeline, part["metadata"]["name"])
    lowering = lowered.lowering
    tasks = {t.name: template.name for template in lowering.templates for t in _tasks(template)}
    for name, template in (tasks | {t.name: t.name for t in lowering.templates}).items():
        if len(name) > TEMPLATE_NAME:
            yield Diagnostic(
                code="HR510",
                message=f"name {name!r} has {len(name)} characters; "
                f"Argo takes at most {TEMPLATE_NAME} for a template or task",
                span=lowering.spans[template],
                label="makes a name that is too long",
                hint="use a shorter name for the function or the variable it is assigned to",
            )


def _object_name(
    pipeline: ir.Pipeline, name: str, *, scheduled: bool = False
) -> Iterator[Diagnostic]:
    limit = CRON_WORKFLOW_NAME if scheduled else WORKFLOW_NAME
    if len(name) > limit:
        kind = "scheduled workflow" if scheduled else "workflow"
        yield Diagnostic(
            code="HR510",
            message=f"name {name!r} has {len(name)} characters; "
            f"Argo takes at most {limit} for a {kind}",
            span=pipeline.span,
            label="this name is too long",
            hint="give the pipeline a shorter name",
        )


def _tasks(template: manifest.Template) -> tuple[manifest.Task, ...]:
    return template.dag.tasks if template.dag else ()


def _lists(pipeline: ir.Pipeline, lowering: Lowering) -> Iterator[Diagnostic]:
    for template in lowering.templates:
        inputs = template.inputs.parameters if template.inputs else ()
        span = lowering.spans.get(template.name, pipeline.span)
        yield from _list("tasks", len(_tasks(template)), span)
        yield from _list("parameters", len(inputs), span)


def _list(kind: str, length: int, span: Span) -> Iterator[Diagnostic]:
    if length > manifest.LIST_LENGTH[kind]:
        yield Diagnostic(
            code="HR512",
            message=f"{length} {kind} in one list; Argo takes at most {manifest.LIST_LENGTH[kind]}",
            span=span,
            label=f"makes too many {kind}",
            hint="run alike steps in a loop, or divide the pipeline",
        )


def _size_of_a_run(
    pipeline: ir.Pipeline, documents: Iterable[dict[str, Any]]
) -> Iterator[Diagnostic]:
    size = sum(len(json.dumps(document, separators=(",", ":"))) for document in documents)
    if size > RUN_BYTES:
        yield Diagnostic(
            code="HR511",
            message=f"the templates have {size:,} bytes, which every run keeps in one object; "
            f"Argo takes at most {RUN_BYTES:,}",
            span=pipeline.span,
            label="makes an object that is too large",
            hint="load large constants inside a step, or divide the pipeline",
        )


def _constants(pipeline: ir.Pipeline) -> Iterator[Diagnostic]:
    for parameter in pipeline.parameters:
        if parameter.default is not None:
            yield from _size("default", parameter.default.text, parameter.span)
    yield from _constant(pipeline.result, pipeline.span)
    for node in dataflow.walk(pipeline.body):
        for value in chain(dataflow.own_values(node), _exits(node)):
            if isinstance(node, ir.Map) and value is node.items and isinstance(value, ir.Const):
                # The items of a loop travel one by one.
                for text in wire.split_items(value.text):
                    yield from _size("item of a loop", text, node.span)
            else:
                yield from _constant(value, node.span)


def _exits(node: AnyNode) -> Iterator[AnyValue]:
    if isinstance(node, ir.Map):
        yield from (c.value for c in node.gathers)
    elif isinstance(node, ir.Branch):
        for merge in node.merges:
            yield from (merge.then, merge.otherwise)


def _constant(value: AnyValue, span: Span) -> Iterator[Diagnostic]:
    for reference in dataflow.references(value):
        if isinstance(reference, ir.Const):
            yield from _size("constant", reference.text, span)


def _environments(pipeline: ir.Pipeline) -> Iterator[Diagnostic]:
    for node, placement in placed_steps(pipeline):
        for name, text in placement.environment.items():
            yield from _size(f"environment variable {name}", text, node.span)


def _defaults(pipeline: ir.Pipeline) -> Iterator[Diagnostic]:
    if pipeline.settings.schedule is None:
        return
    for parameter in pipeline.parameters:
        if parameter.default is None:
            yield Diagnostic(
                code="HR514",
                message=f"a scheduled run has no value for parameter {parameter.name!r}",
                span=parameter.span,
                label="has no default",
                hint="give the parameter a default, or take the schedule away",
            )


def _size(what: str, text: str, span: Span) -> Iterator[Diagnostic]:
    if len(text.encode()) > CONSTANT_BYTES:
        yield Diagnostic(
            code="HR511",
            message=f"a {what} has {len(text.encode()):,} bytes; "
            f"one argument of a container takes at most {CONSTANT_BYTES:,}",
            span=span,
            label="needs an argument that is too large",
            hint="load the value inside a step and pass it on from there",
        )
