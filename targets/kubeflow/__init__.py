"""The target Kubeflow Pipelines."""

from collections.abc import Iterator
from functools import partial

import msgspec

from headrace.compiler import ir
from headrace.compiler.capabilities import Capabilities
from headrace.compiler.diagnostics import Diagnostic
from headrace.compiler.target import Lowerings, ManifestFile, Target
from headrace.targets import inline_code, resource_claims
from headrace.targets.kubeflow import limits
from headrace.targets.kubeflow.capabilities import CAPABILITIES
from headrace.targets.kubeflow.emit import Lowered, recurring_run
from headrace.targets.kubeflow.verify import verify
from headrace.targets.kubeflow.workflow import ARGUMENT_BYTES
from headrace.targets.yaml_writer import to_yaml


class KubeflowTarget:
    """Kubeflow Pipelines: the IR with its Kubernetes platform, and a file for a schedule."""

    def __init__(self, longest: int = ARGUMENT_BYTES) -> None:
        """Start with no pipeline; a DAG of more than `longest` bytes is divided."""
        self._lowerings = Lowerings(partial(Lowered.of, longest=longest))

    @property
    def capabilities(self) -> Capabilities:
        """What Kubeflow Pipelines can express."""
        return CAPABILITIES

    def check(self, pipeline: ir.Pipeline) -> Iterator[Diagnostic]:
        """Yield an error for each name, constant, resource and component past a limit."""
        yield from inline_code.check_sources(pipeline)
        yield from limits.check(pipeline, self._lowerings.keep)

    def file_names(self, pipeline: ir.Pipeline) -> tuple[str, ...]:
        """Return the names of the pipeline's file, and of what a schedule and its code need."""
        name = pipeline.name
        beside = (inline_code.file_name(name), resource_claims.file_name(name))
        return f"{name}.yaml", f"{name}.recurring-run.yaml", *beside

    def emit(self, pipeline: ir.Pipeline) -> tuple[ManifestFile, ...]:
        """Return `NAME.yaml`, and `NAME.recurring-run.yaml` for a schedule.

        Claims of steps on several hosts stand in `NAME.resourceclaimtemplate.yaml`, code that
        travels in `NAME.configmap.yaml` and `headrace-step.configmap.yaml`.

        Raises:
            InternalError: the manifest is wrong although the pipeline was accepted.
        """
        lowered = self._lowerings.take(pipeline)
        verify(lowered.spec, lowered.platform)
        name, schedule_name, *_ = self.file_names(pipeline)
        files = [ManifestFile(name, to_yaml(lowered.spec, lowered.platform))]
        if pipeline.settings.schedule is not None:
            schedule = recurring_run(pipeline, pipeline.settings.schedule, name)
            text = to_yaml(msgspec.to_builtins(schedule))
            files.append(ManifestFile(schedule_name, text))
        files += resource_claims.claim_files(pipeline, pipeline.name)
        return *files, *inline_code.config_map_files(pipeline, pipeline.name)


TARGET: Target = KubeflowTarget()
