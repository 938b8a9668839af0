"""Where a step runs: what it asks of a node, merged from its settings for every target."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from headrace.compiler import dataflow, ir, pods
from headrace.compiler.diagnostics import InternalError
from headrace.compiler.settings import (
    NodeRequirement,
    PipelineSettings,
    StepSettings,
    Toleration,
)

SHARED_MEMORY_VOLUME = "dshm"
SHARED_MEMORY_PATH = "/dev/shm"


CLAIM = "accelerator"
"""What the claim of a step's accelerator is called in its pod, and the request in the claim."""


@dataclass(frozen=True)
class Claim:
    """Devices that a pod claims, as a ResourceClaimTemplate called `name` says.

    They are `count` devices of the class `device_class` on which all `selectors` hold, which are
    CEL expressions; with `takes_all` they are all such devices of the node. As a resource they
    would be called `resource`, where that is known.
    """

    name: str
    device_class: str
    selectors: tuple[str, ...] = ()
    count: int = 1
    takes_all: bool = False
    resource: str = ""

    def spec(self) -> dict[str, Any]:
        """Return the spec of a ResourceClaim, as the JSON of resource.k8s.io/v1."""
        exactly: dict[str, Any] = {"deviceClassName": self.device_class}
        if self.takes_all:
            exactly["allocationMode"] = "All"
        else:
            exactly |= {"allocationMode": "ExactCount", "count": self.count}
        if self.selectors:
            exactly["selectors"] = [{"cel": {"expression": text}} for text in self.selectors]
        return {"devices": {"requests": [{"name": CLAIM, "exactly": exactly}]}}

    def pod(self) -> dict[str, Any]:
        """Return the part of a PodSpec that claims them for the step's container."""
        container = {"name": pods.MAIN, "resources": {"claims": [{"name": CLAIM}]}}
        return {
            "resourceClaims": [{"name": CLAIM, "resourceClaimTemplateName": self.name}],
            "containers": [container],
        }


@dataclass(frozen=True)
class Placement:
    """What a pod asks of a node.

    `resources` are Kubernetes quantities by resource name, used as request and as limit. A node
    needs the labels of `node_selector`, and those that one of `node_terms` requires, if there are
    any. `claim` is what it claims in place of a resource. `shared_memory` is the size of a volume
    of memory at `/dev/shm`. `environment` has the variables of the step, too. `hosts` is how many
    such pods run the step. `device_name` is a regular expression that is found in the name
    of each accelerator, where that is known.
    """

    resources: dict[str, str] = field(default_factory=dict)
    node_selector: dict[str, str] = field(default_factory=dict)
    node_terms: tuple[tuple[NodeRequirement, ...], ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    claim: Claim | None = None
    shared_memory: str | None = None
    runtime_class: str | None = None
    scheduler: str | None = None
    hosts: int = 1
    device_name: str = ""

    def shared_memory_volumes(self) -> list[dict[str, Any]]:
        """Return the volume of shared memory, if there is one, as the JSON of Kubernetes."""
        if self.shared_memory is None:
            return []
        directory = {"medium": "Memory", "sizeLimit": self.shared_memory}
        return [{"name": SHARED_MEMORY_VOLUME, "emptyDir": directory}]

    def shared_memory_mounts(self) -> list[dict[str, Any]]:
        """Return where the container finds that volume."""
        if self.shared_memory is None:
            return []
        return [{"name": SHARED_MEMORY_VOLUME, "mountPath": SHARED_MEMORY_PATH}]

    def affinity(self) -> dict[str, Any]:
        """Return the affinity of the pod, as the JSON of Kubernetes; empty if there is none."""
        if not self.node_terms:
            return {}
        required = {"nodeSelectorTerms": self.node_selector_terms()}
        return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}

    def node_selector_terms(self) -> list[dict[str, Any]]:
        """Return `node_terms` as the JSON of Kubernetes."""
        return [{"matchExpressions": [_expression(r) for r in term]} for term in self.node_terms]

    def applied(self, settings: StepSettings) -> StepSettings:
        """Return `settings` with the variables and the scheduler of the pod that is placed so.

        What it claims stands in the setting `pod`, before what that has of its own.
        """
        scheduler = settings.scheduler or self.scheduler
        own = pods.merged(self.claim.pod(), settings.pod) if self.claim else settings.pod
        return settings.replace(env=dict(self.environment), scheduler=scheduler, pod=own)


def _expression(requirement: NodeRequirement) -> dict[str, Any]:
    values = {"values": list(requirement.values)} if requirement.values else {}
    return {"key": requirement.key, "operator": requirement.operator, **values}


def place(settings: StepSettings, pipeline: PipelineSettings) -> Placement:
    """Return the placement of a step with `settings`, of a pipeline with those of `pipeline`.

    Raises:
        Unplaceable: the platform does not have what the step asks for. The compiler finds that
            before any target sees the pipeline.
        InternalError: the step runs on several hosts: targets see what starts them.
    """
    placement = place_on_hosts(settings, pipeline)
    if placement.hosts > 1:
        raise InternalError(f"a step on {placement.hosts} hosts has no pod of its own")
    return placement


def place_on_hosts(settings: StepSettings, pipeline: PipelineSettings) -> Placement:
    """Return the placement of each pod of a step with `settings`.

    Raises:
        Unplaceable: as for `place`.
    """
    if settings.asks_by_name:
        # The catalogue takes time to read: most steps need nothing of it.
        from headrace.targets.accelerators.assembly import assembled

        placement = assembled(settings, pipeline).placement
        if SHARED_MEMORY_PATH in settings.volumes:  # the step has one of its own
            placement = replace(placement, shared_memory=None)
        return placement
    return Placement(
        resources=pods.written_resources(settings),
        node_selector=dict(settings.node_selector),
        tolerations=settings.tolerations,
        environment=dict(settings.env),
        shared_memory=settings.shared_memory,
        runtime_class=settings.runtime_class,
        hosts=settings.hosts,
    )


def placed_steps(pipeline: ir.Pipeline) -> Iterator[tuple[ir.Call | ir.Compute, Placement]]:
    """Yield every step of `pipeline` with its placement, in the order of `dataflow.walk`."""
    known: dict[int, Placement] = {}  # steps share the objects of their settings
    for node in dataflow.walk(pipeline.body):
        if isinstance(node, ir.Call | ir.Compute):
            if id(node.settings) not in known:
                known[id(node.settings)] = place(node.settings, pipeline.settings)
            yield node, known[id(node.settings)]
