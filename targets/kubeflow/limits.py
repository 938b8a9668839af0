"""The limits of Kubeflow Pipelines that a pipeline is checked against before it is written."""

from collections.abc import Callable, Iterator

from headrace.compiler import ir
from headrace.compiler.diagnostics import Diagnostic
from headrace.compiler.source import Span
from headrace.targets.accelerators import placed_steps
from headrace.targets.kubeflow.carried import CarriedPod, carried
from headrace.targets.kubeflow.dags import Lowering
from headrace.targets.kubeflow.emit import Lowered
from headrace.targets.kubeflow.names import EACH
from headrace.targets.kubeflow.steps import executor_label
from headrace.targets.kubeflow.workflow import ARGUMENT_BYTES, RUN_BYTES, Workflow
from headrace.targets.variables import expanded_variables
from headrace.targets.widths import too_long_lists

PIPELINE_NAME = 128
"""Characters in the name of a pipeline:
https://github.com/kubeflow/pipelines/blob/master/sdk/python/kfp/dsl/utils.py"""

TEMPLATE_NAME = 128
"""Characters in the name of a template of Argo, which components and loops become."""

RUN_PARAMETER_BYTES = 10_000
"""The longest default of a run parameter, in bytes; the API server's MAX_PARAMETER_BYTES."""


def check(
    pipeline: ir.Pipeline, lower: Callable[[ir.Pipeline], Lowered] = Lowered.of
) -> Iterator[Diagnostic]:
    """Yield an error for what does not fit: names, sizes, resources, and texts in variables."""
    yield from too_long_lists(pipeline, "Kubeflow Pipelines")
    yield from _pipeline_name(pipeline)
    yield from _run_parameters(pipeline)
    known: dict[int, CarriedPod] = {}  # steps share the objects of their settings
    steps = list(placed_steps(pipeline))
    for step, placement in steps:
        if id(step.settings) not in known:
            known[id(step.settings)] = carried(step.settings, placement)
        yield from _pod(step, known[id(step.settings)])
    yield from expanded_variables(pipeline, "{{", "Kubeflow")
    if not steps:
        yield Diagnostic(
            code="HR501",
            message="Kubeflow Pipelines cannot run a pipeline without a step",
            span=pipeline.span,
            label="calls no step",
            hint="call a step, or leave kubeflow out with --target",
        )
        return
    lowered = lower(pipeline)
    yield from _names(lowered.lowering)
    yield from _sizes(pipeline, lowered)


def _pipeline_name(pipeline: ir.Pipeline) -> Iterator[Diagnostic]:
    if len(pipeline.name) > PIPELINE_NAME:
        yield Diagnostic(
            code="HR510",
            message=f"name {pipeline.name!r} has {len(pipeline.name)} characters; "
            f"Kubeflow takes at most {PIPELINE_NAME} for a pipeline",
            span=pipeline.span,
            label="this name is too long",
            hint="give the pipeline a shorter name",
        )


def _run_parameters(pipeline: ir.Pipeline) -> Iterator[Diagnostic]:
    for parameter in pipeline.parameters:
        if parameter.default is not None:
            text, limit = parameter.default.text, RUN_PARAMETER_BYTES
            yield from _size("default of a run parameter", text, limit, parameter.span)
        elif pipeline.settings.schedule is not None:
            yield Diagnostic(
                code="HR514",
                message=f"a scheduled run has no value for parameter {parameter.name!r}",
                span=parameter.span,
                label="has no default",
                hint="give the parameter a default, or take the schedule away",
            )


def _pod(step: ir.Call | ir.Compute, pod: CarriedPod) -> Iterator[Diagnostic]:
    for refused in pod.refused:
        yield Diagnostic(
            code="HR501",
            message=f"Kubeflow Pipelines cannot carry {refused}",
            span=step.span,
            label="asks for it in its pod",
            hint="take it out of the settings, or leave kubeflow out with --target",
        )
    others = pod.devices
    if len(others) > 1:
        yield Diagnostic(
            code="HR501",
            message=f"Kubeflow Pipelines cannot give a step {' and '.join(others)}: "
            "besides cpu and memory there is place for one resource",
            span=step.span,
            label=f"needs {len(others)} resources besides cpu and memory",
            hint="ask for one of them, or leave kubeflow out with --target",
        )


def _names(lowering: Lowering) -> Iterator[Diagnostic]:
    iterated = {
        task.component_ref.name
        for component in lowering.components.values()
        for task in (component.dag.tasks.values() if component.dag else ())
        if task.parameter_iterator
    }
    for name in lowering.components:
        # The longest name that the backend makes of it.
        derived = f"{name}-{EACH}-iterator" if name in iterated else f"{name}-driver"
        if len(derived) > TEMPLATE_NAME:
            yield Diagnostic(
                code="HR510",
                message=f"name {derived!r} has {len(derived)} characters; "
                f"Kubeflow takes at most {TEMPLATE_NAME} for what it makes of a component",
                span=lowering.spans[name],
                label="makes a name that is too long",
                hint="use a shorter name for the function or the variable it is assigned to",
            )


def _sizes(pipeline: ir.Pipeline, lowered: Lowered) -> Iterator[Diagnostic]:
    executors = lowered.spec["deploymentSpec"]["executors"]
    workflow = Workflow(lowered.spec, lowered.platform)
    for name, texts in workflow.texts.items():
        parts = [("component", texts["components"])]
        if "implementations" in texts:
            container = executors[executor_label(name)]["container"]
            parts += [("constant", text) for text in container["args"]]
            parts.append(("container", texts["implementations"]))
        for what, text in parts:
            found = list(_size(what, text, ARGUMENT_BYTES, lowered.lowering.spans[name]))
            if found:
                yield found[0]
                break
    yield from _size_of_a_run(pipeline, workflow)


def _size_of_a_run(pipeline: ir.Pipeline, workflow: Workflow) -> Iterator[Diagnostic]:
    size = workflow.run_bytes()
    if size > RUN_BYTES:
        yield Diagnostic(
            code="HR511",
            message=f"a run of {workflow.tasks:,} tasks keeps {size:,} bytes in one object; "
            f"Kubeflow takes at most {RUN_BYTES:,}",
            span=pipeline.span,
            label="makes an object that is too large",
            hint="run alike steps in a loop, load large constants inside a step, divide the "
            "pipeline, or leave kubeflow out with --target",
        )


def _size(what: str, text: str, limit: int, span: Span) -> Iterator[Diagnostic]:
    if len(text.encode()) > limit:
        yield Diagnostic(
            code="HR511",
            message=f"a {what} has {len(text.encode()):,} bytes; Kubeflow takes at most {limit:,}",
            span=span,
            label="needs a text that is too large",
            hint="load the value inside a step and pass it on from there",
        )
