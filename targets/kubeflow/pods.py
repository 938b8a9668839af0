"""Where an executor's pod runs: its part of the Kubernetes platform."""

from collections.abc import Mapping

import msgspec

from headrace.targets.accelerators import SHARED_MEMORY_PATH, SHARED_MEMORY_VOLUME, Placement
from headrace.targets.inline_code import FOLDERS
from headrace.targets.kubeflow import manifest


def executor_config(
    placement: Placement,
    annotations: Mapping[str, str],
    timeout: int | None,
    config_maps: Mapping[str, str],
) -> manifest.ExecutorConfig:
    """Return what Kubernetes is told about the pod.

    `timeout` is in seconds; `config_maps` are those that hold its code, by their volumes.
    """
    tolerations = tuple(
        manifest.TolerationSpec(**msgspec.structs.asdict(t)) for t in placement.tolerations
    )
    return manifest.ExecutorConfig(
        pod_metadata=manifest.PodMetadata(annotations=dict(annotations)),
        node_selector=manifest.NodeSelector(labels=placement.node_selector)
        if placement.node_selector
        else None,
        node_affinity=_node_affinity(placement),
        tolerations=tolerations or None,
        config_map_as_volume=_mounted(config_maps),
        empty_dir_mounts=_empty_directories(placement),
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


def _mounted(config_maps: Mapping[str, str]) -> tuple[manifest.ConfigMapAsVolume, ...] | None:
    mounts = tuple(
        manifest.ConfigMapAsVolume(
            config_map_name=name,
            mount_path=FOLDERS[volume],
            optional=False,
            config_map_name_parameter=manifest.ConfigMapName(
                runtime_value=manifest.Constant(constant=name)
            ),
        )
        for volume, name in config_maps.items()
    )
    return mounts or None


def _empty_directories(placement: Placement) -> tuple[manifest.EmptyDirectoryMount, ...] | None:
    if placement.shared_memory is None:
        return None
    mount = manifest.EmptyDirectoryMount(
        volume_name=SHARED_MEMORY_VOLUME,
        mount_path=SHARED_MEMORY_PATH,
        medium="Memory",
        size_limit=placement.shared_memory,
    )
    return (mount,)
