"""The documents of a pipeline: its specification, its Kubernetes platform, and its schedule."""

from dataclasses import dataclass
from typing import Any

from headrace.compiler import ir
from headrace.compiler.settings import Schedule
from headrace.targets.kubeflow import manifest
from headrace.targets.kubeflow.dags import RESULT, Lowering
from headrace.targets.kubeflow.result import printing_result
from headrace.targets.kubeflow.workflow import ARGUMENT_BYTES

MOST_AT_ONCE = 10
"""The most runs of one schedule at the same time that the API server takes."""


@dataclass(frozen=True)
class Lowered:
    """A pipeline lowered to components, and the two documents that they make."""

    lowering: Lowering
    spec: dict[str, Any]
    platform: dict[str, Any]

    @classmethod
    def of(cls, pipeline: ir.Pipeline, longest: int = ARGUMENT_BYTES) -> "Lowered":
        """Lower `pipeline`, which has a step; DAGs of more than `longest` bytes are divided."""
        lowering = Lowering(pipeline, longest)
        spec = pipeline_spec(pipeline, lowering).document()
        return cls(lowering, spec, platform_spec(lowering).document())


def pipeline_spec(pipeline: ir.Pipeline, lowering: Lowering) -> manifest.PipelineSpec:
    """Return the specification of `pipeline`, which `lowering` lowered."""
    root, components = lowering.root, lowering.components
    executors = printing_result(RESULT, root, components, lowering.executors)
    return manifest.PipelineSpec(
        pipeline_info=manifest.PipelineInfo(name=pipeline.name, description=_description(pipeline)),
        schema_version="2.1.0",
        sdk_version="headrace",
        root=root,
        components=components,
        deployment_spec=manifest.DeploymentSpec(executors=executors),
    )


def platform_spec(lowering: Lowering) -> manifest.PlatformSpec:
    """Return what Kubernetes is told about the pods of the pipeline that `lowering` lowered."""
    configs = manifest.ExecutorConfigs(executors=lowering.configs)
    return manifest.PlatformSpec(
        platforms=manifest.Platforms(kubernetes=manifest.Platform(deployment_spec=configs))
    )


def recurring_run(pipeline: ir.Pipeline, schedule: Schedule, package: str) -> manifest.RecurringRun:
    """Return what makes `schedule` start runs of `pipeline`, whose file is called `package`."""
    return manifest.RecurringRun(
        job_name=pipeline.name,
        description=_description(pipeline),
        pipeline_package_path=package,
        cron_expression=f"0 {schedule.cron}",
        max_concurrency=MOST_AT_ONCE if schedule.overlap == "allow" else 1,
        no_catchup=not schedule.catchup,
        enabled=True,
        enable_caching=False,
    )


def _description(pipeline: ir.Pipeline) -> str:
    origin = f"Compiled from {pipeline.function} ({pipeline.span}), code {pipeline.code.digest}."
    return f"{pipeline.doc}\n\n{origin}" if pipeline.doc else origin
