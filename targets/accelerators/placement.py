"""Where a step runs: what it asks of a node, merged from its settings for every target."""

from dataclasses import dataclass, field

from headrace.compiler.settings import (
    NodeRequirement,
    PipelineSettings,
    StepSettings,
    Toleration,
)

SHARED_MEMORY_VOLUME = "dshm"
SHARED_MEMORY_PATH = "/dev/shm"


@dataclass(frozen=True)
class Placement:
    """What a pod asks of a node.

    `resources` are Kubernetes quantities by resource name, used as request and as limit. A node
    needs the labels of `node_selector`, and those that one of `node_terms` requires, if there are
    any. `shared_memory` is the size of a volume of memory at `/dev/shm`. `environment` has the
    variables of the step, too. `hosts` is how many such pods the step would need.
    """

    resources: dict[str, str] = field(default_factory=dict)
    node_selector: dict[str, str] = field(default_factory=dict)
    node_terms: tuple[tuple[NodeRequirement, ...], ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    shared_memory: str | None = None
    runtime_class: str | None = None
    scheduler: str | None = None
    hosts: int = 1


def place(settings: StepSettings, pipeline: PipelineSettings) -> Placement:
    """Return the placement of a step with `settings`, of a pipeline with those of `pipeline`.

    Raises:
        Unplaceable: the platform does not have what the step asks for. The compiler finds that
            before any target sees the pipeline.
    """
    if settings.asks_by_name:
        # The catalogue takes time to read: most steps need nothing of it.
        from headrace.targets.accelerators.assembly import assembled

        return assembled(settings, pipeline).placement
    return Placement(
        resources=written_resources(settings),
        node_selector=dict(settings.node_selector),
        tolerations=settings.tolerations,
        environment=dict(settings.env),
        shared_memory=settings.shared_memory,
        runtime_class=settings.runtime_class,
    )


def written_resources(settings: StepSettings) -> dict[str, str]:
    """Return the resources that stand in `settings`, by name."""
    asked = {
        "cpu": settings.cpu,
        "memory": settings.memory,
        "ephemeral-storage": settings.ephemeral_storage,
    }
    return {name: q for name, q in asked.items() if q is not None} | settings.resources
