"""Where an executor's pod runs: its part of the Kubernetes platform."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from headrace.compiler import ir
from headrace.targets.accelerators import SHARED_MEMORY_PATH, SHARED_MEMORY_VOLUME, Placement
from headrace.targets.inline_code import FOLDERS
from headrace.targets.kubeflow import manifest
from headrace.targets.kubeflow.carried import CarriedPod, given_as

SOURCE_ANNOTATION = "headrace.dev/source"
"""The place, `path:line`, in the pipeline that a pod stands for."""


def executor_config(
    placement: Placement,
    pod: CarriedPod,
    node: ir.Call | ir.Compute,
    config_maps: Mapping[str, str],
) -> manifest.ExecutorConfig:
    """Return what Kubernetes is told about the pod of the step `node`, carried as `pod`.

    `config_maps` are those that hold its code, by their volumes.
    """
    tolerations = tuple(
        manifest.TolerationSpec(**msgspec.structs.asdict(t)) for t in placement.tolerations
    )
    timeout = node.settings.timeout
    mounted = (*_code(config_maps), *pod.config.get("config_map_as_volume", ()))
    directories = (*_shared_memory(placement), *pod.config.get("empty_dir_mounts", ()))
    return manifest.ExecutorConfig(
        **{
            **pod.config,
            "config_map_as_volume": mounted or None,
            "empty_dir_mounts": directories or None,
        },
        pod_metadata=manifest.PodMetadata(
            labels=pod.labels or None,
            annotations={SOURCE_ANNOTATION: str(node.span), **pod.annotations},
        ),
        node_selector=manifest.NodeSelector(labels=placement.node_selector)
        if placement.node_selector
        else None,
        node_affinity=tuple(placement.node_selector_terms()) or None,
        tolerations=tolerations or None,
        active_deadline_seconds=None if timeout is None else str(timeout),
    )


def _code(config_maps: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for volume, name in config_maps.items():
        yield {
            **given_as("configMapName", name),
            "mountPath": FOLDERS[volume],
            "optional": False,
        }


def _shared_memory(placement: Placement) -> Iterator[dict[str, str]]:
    if placement.shared_memory is not None:
        yield {
            "volumeName": SHARED_MEMORY_VOLUME,
            "mountPath": SHARED_MEMORY_PATH,
            "medium": "Memory",
            "sizeLimit": placement.shared_memory,
        }
