"""The objects of a pipeline: a WorkflowTemplate, and a CronWorkflow when it has a schedule."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from headrace.compiler import ir
from headrace.compiler.settings import Schedule
from headrace.targets.argo import manifest
from headrace.targets.argo.dags import Lowering
from headrace.targets.argo.objects import distributed
from headrace.targets.argo.steps import CODE_PARAMETER, SOURCE_ANNOTATION, STORE_PARAMETER
from headrace.targets.inline_code import config_map_names, is_used

CODE_ANNOTATION = "headrace.dev/code"
"""The digest of the code that an object was compiled from."""

PIPELINE_ANNOTATION = "headrace.dev/pipeline"
"""The function, `module:name`, that an object was compiled from."""

DESCRIPTION_ANNOTATION = "workflows.argoproj.io/description"
"""What Argo's user interface shows about an object:
https://argo-workflows.readthedocs.io/en/latest/title-and-description/"""

_CONCURRENCY: dict[str, Literal["Allow", "Forbid", "Replace"]] = {
    "allow": "Allow",
    "forbid": "Forbid",
    "replace": "Replace",
}


@dataclass(frozen=True)
class Lowered:
    """A pipeline lowered to templates, and the documents of the objects that hold them."""

    lowering: Lowering
    documents: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, pipeline: ir.Pipeline) -> "Lowered":
        """Lower `pipeline`."""
        lowering = Lowering(pipeline)
        return cls(lowering, tuple(o.document() for o in workflow_templates(pipeline, lowering)))


def workflow_templates(
    pipeline: ir.Pipeline, lowering: Lowering
) -> Iterator[manifest.WorkflowTemplate]:
    """Yield the object that runs of `pipeline`, which `lowering` lowered, refer to, and its parts.

    There are parts only where one object cannot hold all templates.
    """
    (_, templates), *parts = distributed(pipeline.name, lowering.templates).items()
    yield _workflow_template(pipeline, lowering.entrypoint, templates)
    for name, held in parts:
        yield manifest.WorkflowTemplate(
            api_version=manifest.API_VERSION,
            kind="WorkflowTemplate",
            metadata=_metadata(pipeline, name),
            spec=manifest.WorkflowTemplateSpec(templates=held),
        )


def _workflow_template(
    pipeline: ir.Pipeline, entrypoint: str, templates: tuple[manifest.Template, ...]
) -> manifest.WorkflowTemplate:
    return manifest.WorkflowTemplate(
        api_version=manifest.API_VERSION,
        kind="WorkflowTemplate",
        metadata=_metadata(pipeline, pipeline.name),
        spec=manifest.WorkflowTemplateSpec(
            entrypoint=entrypoint,
            arguments=manifest.Parameters(
                parameters=(
                    *(
                        manifest.Parameter(name=p.name, value=p.default.text if p.default else None)
                        for p in pipeline.parameters
                    ),
                    manifest.Parameter(name=CODE_PARAMETER, value=pipeline.code.digest),
                    manifest.Parameter(name=STORE_PARAMETER, value=pipeline.settings.store or ""),
                )
            ),
            volumes=_volumes(pipeline),
            templates=templates,
        ),
    )


def _volumes(pipeline: ir.Pipeline) -> tuple[manifest.Volume, ...] | None:
    """Return the volumes of steps whose code travels; what other objects hold has them too."""
    if not is_used(pipeline):
        return None
    return tuple(
        manifest.Volume(name=volume, config_map=manifest.ConfigMapSource(name=name))
        for volume, name in config_map_names(pipeline).items()
    )


def cron_workflow(pipeline: ir.Pipeline, schedule: Schedule) -> manifest.CronWorkflow:
    """Return the object that starts runs of `pipeline` on `schedule`."""
    return manifest.CronWorkflow(
        api_version=manifest.API_VERSION,
        kind="CronWorkflow",
        metadata=_metadata(pipeline, pipeline.name),
        spec=manifest.CronWorkflowSpec(
            schedules=(schedule.cron,),
            timezone=schedule.timezone,
            concurrency_policy=_CONCURRENCY[schedule.overlap],
            # No deadline: a run that was missed is never started late, which is `catchup = false`.
            starting_deadline_seconds=0,
            suspend=False,
            workflow_spec=manifest.WorkflowSpec(
                workflow_template_ref=manifest.WorkflowTemplateRef(name=pipeline.name)
            ),
        ),
    )


def _metadata(pipeline: ir.Pipeline, name: str) -> manifest.ObjectMetadata:
    description = {DESCRIPTION_ANNOTATION: pipeline.doc} if pipeline.doc else {}
    return manifest.ObjectMetadata(
        name=name,
        annotations={
            **description,
            PIPELINE_ANNOTATION: pipeline.function,
            SOURCE_ANNOTATION: str(pipeline.span),
            CODE_ANNOTATION: pipeline.code.digest,
        },
    )
