"""Where an executor's pod runs: its part of the Kubernetes platform."""

from collections.abc import Iterator

import msgspec

from headrace.compiler import ir
from headrace.targets.accelerators import SHARED_MEMORY_PATH, SHARED_MEMORY_VOLUME, Placement
from headrace.targets.kubeflow import manifest
from headrace.targets.kubeflow.carried import CarriedPod

SOURCE_ANNOTATION = "headrace.dev/source"
"""The place, `path:line`, in the pipeline that a pod stands for."""


def executor_config(
    placement: Placement, pod: CarriedPod, node: ir.Call | ir.Compute
) -> manifest.ExecutorConfig:
    """Return what Kubernetes is told about the pod of the step `node`, carried as `pod`."""
    tolerations = tuple(
        manifest.TolerationSpec(**msgspec.structs.asdict(t)) for t in placement.tolerations
    )
    timeout = node.settings.timeout
    directories = (*_shared_memory(placement), *pod.config.get("empty_dir_mounts", ()))
    return manifest.ExecutorConfig(
        **{**pod.config, "empty_dir_mounts": directories or None},
        pod_metadata=manifest.PodMetadata(
            labels=pod.labels or None,
            annotations={SOURCE_ANNOTATION: str(node.span), **pod.annotations},
        ),
        node_selector=manifest.NodeSelector(labels=placement.node_selector)
        if placement.node_selector
        else None,
        node_affinity=_node_affinity(placement),
        tolerations=tolerations or None,
        active_deadline_seconds=None if timeout is None else str(timeout),
    )


def _node_affinity(placement: Placement) -> tuple[manifest.NodeAffinityTerm, ...] | None:
    terms = tuple(
        manifest.NodeAffinityTerm(
            match_expressions=tuple(
                manifest.LabelRequirement(key=r.key, operator=r.operator, values=r.values or None)
                for r in term
            )
        )
        for term in placement.node_terms
    )
    return terms or None


def _shared_memory(placement: Placement) -> Iterator[dict[str, str]]:
    if placement.shared_memory is not None:
        yield {
            "volumeName": SHARED_MEMORY_VOLUME,
            "mountPath": SHARED_MEMORY_PATH,
            "medium": "Memory",
            "sizeLimit": placement.shared_memory,
        }
