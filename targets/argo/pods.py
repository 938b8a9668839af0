"""Where a template's pod runs: the fields of the template that say so."""

import json
from typing import Any

import msgspec

from headrace.compiler.settings import NodeRequirement
from headrace.targets.accelerators import SHARED_MEMORY_PATH, SHARED_MEMORY_VOLUME, Placement
from headrace.targets.argo import manifest
from headrace.targets.inline_code import FOLDERS


def pod_fields(placement: Placement) -> dict[str, Any]:
    """Return the fields of a `manifest.Template` for `placement`, by name."""
    tolerations = tuple(
        manifest.TolerationSpec(**msgspec.structs.asdict(t)) for t in placement.tolerations
    )
    return {
        "node_selector": placement.node_selector or None,
        "affinity": _affinity(placement.node_terms),
        "tolerations": tolerations or None,
        "scheduler_name": placement.scheduler,
        "pod_spec_patch": _patch(placement),
        "volumes": _volumes(placement),
    }


def volume_mounts(placement: Placement, *, inline: bool) -> tuple[manifest.VolumeMount, ...] | None:
    """Return where the container finds the volumes of its pod; `inline`: its code among them."""
    paths = dict(FOLDERS) if inline else {}
    if placement.shared_memory is not None:
        paths[SHARED_MEMORY_VOLUME] = SHARED_MEMORY_PATH
    return tuple(manifest.VolumeMount(name=n, mount_path=p) for n, p in paths.items()) or None


def _volumes(placement: Placement) -> tuple[manifest.Volume, ...] | None:
    if placement.shared_memory is None:
        return None
    directory = manifest.EmptyDirectory(medium="Memory", size_limit=placement.shared_memory)
    return (manifest.Volume(name=SHARED_MEMORY_VOLUME, empty_dir=directory),)


def _affinity(terms: tuple[tuple[NodeRequirement, ...], ...]) -> manifest.Affinity | None:
    if not terms:
        return None
    written = tuple(
        manifest.NodeSelectorTerm(
            match_expressions=tuple(
                manifest.LabelRequirement(key=r.key, operator=r.operator, values=r.values or None)
                for r in term
            )
        )
        for term in terms
    )
    return manifest.Affinity(
        node_affinity=manifest.NodeAffinity(
            required_during_scheduling_ignored_during_execution=manifest.RequiredTerms(
                node_selector_terms=written
            )
        )
    )


def _patch(placement: Placement) -> str | None:
    """Return what a template has no field for, as a strategic merge patch of its pod."""
    if placement.runtime_class is None:
        return None
    return json.dumps({"runtimeClassName": placement.runtime_class})
