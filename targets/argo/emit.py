"""The objects of a pipeline: a WorkflowTemplate, and a CronWorkflow when it has a schedule."""

from dataclasses import dataclass
from typing import Any, Literal

from headrace.compiler import ir
from headrace.compiler.settings import Schedule
from headrace.targets.argo import manifest
from headrace.targets.argo.dags import Lowering
from headrace.targets.argo.steps import CODE_PARAMETER, SOURCE_ANNOTATION, STORE_PARAMETER

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
    """A pipeline lowered to templates, and the document of the object that holds them."""

    lowering: Lowering
    document: dict[str, Any]

    @classmethod
    def of(cls, pipeline: ir.Pipeline) -> "Lowered":
        """Lower `pipeline`."""
        lowering = Lowering(pipeline)
        return cls(lowering, workflow_template(pipeline, lowering).document())


def workflow_template(pipeline: ir.Pipeline, lowering: Lowering) -> manifest.WorkflowTemplate:
    """Return the object that runs of `pipeline`, which `lowering` lowered, refer to."""
    return manifest.WorkflowTemplate(
        metadata=_metadata(pipeline),
        spec=manifest.WorkflowTemplateSpec(
            entrypoint=lowering.entrypoint,
            arguments=manifest.Parameters(
                parameters=(
                    *(
                        manifest.Parameter(name=p.name, value=p.default and p.default.text)
                        for p in pipeline.parameters
                    ),
                    manifest.Parameter(name=CODE_PARAMETER, value=pipeline.code.digest),
                    manifest.Parameter(name=STORE_PARAMETER, value=pipeline.settings.store or ""),
                )
            ),
            templates=lowering.templates,
        ),
    )


def cron_workflow(pipeline: ir.Pipeline, schedule: Schedule) -> manifest.CronWorkflow:
    """Return the object that starts runs of `pipeline` on `schedule`."""
    return manifest.CronWorkflow(
        metadata=_metadata(pipeline),
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


def _metadata(pipeline: ir.Pipeline) -> manifest.ObjectMetadata:
    description = {DESCRIPTION_ANNOTATION: pipeline.doc} if pipeline.doc else {}
    return manifest.ObjectMetadata(
        name=pipeline.name,
        annotations={
            **description,
            PIPELINE_ANNOTATION: pipeline.function,
            SOURCE_ANNOTATION: str(pipeline.span),
            CODE_ANNOTATION: pipeline.code.digest,
        },
    )
