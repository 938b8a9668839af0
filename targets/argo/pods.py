"""Where a template's pod runs: the fields of the template that say so."""

from typing import Any

import msgspec

from headrace.compiler import pods
from headrace.compiler.settings import StepSettings
from headrace.targets.accelerators import Placement
from headrace.targets.argo import manifest
from headrace.targets.inline_code import code_mounts
from headrace.targets.yaml_writer import to_yaml


def pod_fields(settings: StepSettings, placement: Placement) -> dict[str, Any]:
    """Return the fields of a `manifest.Template` for the pod of a step, by name."""
    tolerations = tuple(
        manifest.TolerationSpec(**msgspec.structs.asdict(t)) for t in placement.tolerations
    )
    return {
        "node_selector": placement.node_selector or None,
        "affinity": placement.affinity() or None,
        "tolerations": tolerations or None,
        "service_account_name": settings.service_account,
        "priority_class_name": settings.priority_class,
        "scheduler_name": settings.scheduler or placement.scheduler,
        "volumes": _volumes(settings, placement),
        "pod_spec_patch": _patch(settings, placement),
    }


def volume_mounts(
    settings: StepSettings, placement: Placement
) -> tuple[dict[str, Any], ...] | None:
    """Return where the container finds the volumes of its pod, and the code that travels."""
    _, mounts = pods.volumes(settings)
    code = code_mounts(inline=settings.code == "inline")
    return (*code, *placement.shared_memory_mounts(), *mounts) or None


def _volumes(settings: StepSettings, placement: Placement) -> tuple[dict[str, Any], ...] | None:
    volumes, _ = pods.volumes(settings)
    return (*placement.shared_memory_volumes(), *volumes) or None


def _patch(settings: StepSettings, placement: Placement) -> str | None:
    """Return what a template has no field for, as a strategic merge patch of its pod.

    Argo merges it into the pod last, as `pods.merged` does.
    """
    runtime_class = placement.runtime_class
    own = {"runtimeClassName": runtime_class} if runtime_class is not None else {}
    patch = pods.merged(own, settings.pod)
    return to_yaml(patch) if patch else None
