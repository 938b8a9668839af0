"""The target Argo Workflows."""

from collections.abc import Iterator

from headrace.compiler import ir
from headrace.compiler.capabilities import Capabilities
from headrace.compiler.diagnostics import Diagnostic
from headrace.compiler.target import Lowerings, ManifestFile, Target
from headrace.targets import inline_code, resource_claims
from headrace.targets.argo import limits
from headrace.targets.argo.capabilities import CAPABILITIES
from headrace.targets.argo.emit import Lowered, cron_workflow
from headrace.targets.argo.verify import verify, verify_schedule
from headrace.targets.yaml_writer import Document, to_yaml


class ArgoTarget:
    """Argo Workflows: a WorkflowTemplate for each pipeline, and a CronWorkflow for a schedule."""

    def __init__(self) -> None:
        """Start with no pipeline."""
        self._lowerings = Lowerings(Lowered.of)

    @property
    def capabilities(self) -> Capabilities:
        """What Argo can express."""
        return CAPABILITIES

    def check(self, pipeline: ir.Pipeline) -> Iterator[Diagnostic]:
        """Yield an error for each name, constant, list and object past a limit."""
        yield from inline_code.check_sources(pipeline)
        yield from limits.check(pipeline, self._lowerings.keep)

    def file_names(self, pipeline: ir.Pipeline) -> tuple[str, ...]:
        """Return the names of the templates, and of what a schedule and travelling code need."""
        template = "workflowtemplate.yaml"
        parts = (f"{pipeline.name}.{template}", f"{pipeline.name}-part-*.{template}")
        cron = f"{pipeline.name}.cronworkflow.yaml"
        code = inline_code.file_name(pipeline.name)
        return *parts, cron, code, resource_claims.file_name(pipeline.name)

    def emit(self, pipeline: ir.Pipeline) -> tuple[ManifestFile, ...]:
        """Return `NAME.workflowtemplate.yaml`, and `NAME.cronworkflow.yaml` for a schedule.

        Templates for which there is no place stand in `NAME-part-2.workflowtemplate.yaml` and on.
        Claims stand in `NAME.resourceclaimtemplate.yaml`, code that travels in
        `NAME.configmap.yaml` and `headrace-step.configmap.yaml`.

        Raises:
            InternalError: the manifest is wrong although the pipeline was accepted.
        """
        documents = self._lowerings.take(pipeline).documents
        verify(documents)
        files = [
            ManifestFile(f"{document['metadata']['name']}.workflowtemplate.yaml", _yaml(document))
            for document in documents
        ]
        if pipeline.settings.schedule is not None:
            cron = cron_workflow(pipeline, pipeline.settings.schedule).document()
            verify_schedule(cron, documents[0])
            files.append(ManifestFile(f"{pipeline.name}.cronworkflow.yaml", _yaml(cron)))
        files += resource_claims.claim_files(pipeline, pipeline.name)
        return *files, *inline_code.config_map_files(pipeline, pipeline.name)


def _yaml(document: Document) -> str:
    # One parameter on one line, as Argo's own examples write it.
    return to_yaml(document, in_line={"parameters"})


TARGET: Target = ArgoTarget()
