"""Parts of accelerators: MIG profiles, shared GPUs, partitions; each platform has its own way."""

import re
from collections.abc import Sequence
from dataclasses import replace

from headrace.compiler.suggestions import did_you_mean
from headrace.targets.accelerators.catalogue import Platform, Record
from headrace.targets.accelerators.refusal import NOT_THERE, Unplaceable

_SHARED = re.compile(r"(?P<strategy>shared|time-slicing|time-sharing|mps)(?:-(?P<clients>\d+))?")
_MOST_CLIENTS = 48
_GKE_SIZE = "cloud.google.com/gke-gpu-partition-size"
_GKE_STRATEGY = "cloud.google.com/gke-gpu-sharing-strategy"
_GKE_CLIENTS = "cloud.google.com/gke-max-shared-clients-per-gpu"
_NVIDIA_STRATEGY = "nvidia.com/gpu.sharing-strategy"


def fraction_of(records: Sequence[Record], fraction: str, platform: Platform) -> list[Record]:
    """Return records for `fraction` of each of `records` that can be divided so on `platform`.

    Raises:
        Unplaceable: none of them can.
    """
    found = [part for record in records for part in _parts(record, fraction, platform)]
    if found:
        return found
    possible = list(dict.fromkeys(n for record in records for n in fractions(record, platform)))
    name = records[0].canonical_name
    message = f"{platform.title} has no {fraction!r} of {name!r}"
    if not possible:
        hint = f'ask for whole ones: "{name}"'
    else:
        hint = did_you_mean(fraction, possible) or f"known here: {', '.join(possible)}"
    raise Unplaceable(NOT_THERE, message, hint)


def fractions(record: Record, platform: Platform) -> list[str]:
    """Return the fractions of `record` that `platform` has."""
    if record.kind != "gpu":
        return []
    found = [*record.mig_partition_sizes]
    found += [
        r.canonical_name.partition(":mig-")[2]
        for r in platform.of_kind("mig")
        if r.canonical_name.startswith(f"{record.canonical_name}:")
    ]
    for share in platform.of_kind("gpu_sharing"):
        if share.vendor == "nvidia" and share.canonical_name in ("gke-shared", "gpu-shared"):
            found += ["time-slicing", "mps"] if record.vendor == "nvidia" else []
        if record.vendor == "amd" and share.canonical_name.startswith("amd-"):
            found.append(share.canonical_name.removeprefix("amd-"))
    return found


def share_called(name: str, platform: Platform) -> list[Record]:
    """Return the record of a share of any device that has the canonical name `name`."""
    found = [r for r in platform.of_kind("gpu_sharing") if r.canonical_name == name]
    if any("<" in value or "|" in value for r in found for value in r.node_selector.values()):
        message = f"{name!r} is a part of a device"
        raise Unplaceable(NOT_THERE, message, 'name the device: "a100/1g.5gb", "t4/time-slicing"')
    return found


def _parts(record: Record, fraction: str, platform: Platform) -> list[Record]:
    if record.kind != "gpu":
        return []
    shared = _SHARED.fullmatch(fraction)
    if shared is not None:
        return _shared(record, shared["strategy"], shared["clients"], platform)
    if fraction in record.mig_partition_sizes:
        return [_only(record, {_GKE_SIZE: fraction}, (1,))]
    return _mig(record, fraction, platform) + _partition(record, fraction, platform)


def _only(record: Record, selector: dict[str, str], counts: tuple[int, ...]) -> Record:
    return replace(
        record,
        node_selector={**record.node_selector, **selector},
        count_rule="in_list",
        allowed_counts=counts,
    )


def _mig(record: Record, profile: str, platform: Platform) -> list[Record]:
    """Return the MIG record of `profile`, on nodes with the device that it is a part of."""
    wanted = f"{record.canonical_name}:mig-{profile}"
    return [
        replace(
            mig,
            node_selector={**record.node_selector, **mig.node_selector},
            node_affinity=record.node_affinity,
        )
        for mig in platform.of_kind("mig")
        if mig.canonical_name == wanted
    ]


def _partition(record: Record, mode: str, platform: Platform) -> list[Record]:
    return [
        replace(
            share,
            node_selector={**record.node_selector, **share.node_selector},
            node_affinity=record.node_affinity,
        )
        for share in platform.of_kind("gpu_sharing")
        if record.vendor == "amd" and share.canonical_name == f"amd-{mode}"
    ]


def _shared(record: Record, strategy: str, clients: str | None, platform: Platform) -> list[Record]:
    shares = {share.canonical_name: share for share in platform.of_kind("gpu_sharing")}
    is_mps = strategy == "mps"
    if record.vendor != "nvidia":
        return []
    if "gke-shared" in shares:
        if clients is not None and not 2 <= int(clients) <= _MOST_CLIENTS:
            message = f"a GPU cannot be shared by {clients} clients on {platform.title}"
            raise Unplaceable(NOT_THERE, message, f"from 2 to {_MOST_CLIENTS} can share one")
        selector = {_GKE_STRATEGY: "mps" if is_mps else "time-sharing"}
        selector |= {_GKE_CLIENTS: clients} if clients else {}
        return [_only(record, selector, (1,))]
    if "gpu-shared" in shares and clients is None:
        share = shares["gpu-shared"]
        selector = {_NVIDIA_STRATEGY: "mps" if is_mps else "time-slicing"}
        part = _only(record, selector, share.allowed_counts)
        return [replace(part, resource_name=share.resource_name)]
    return []
