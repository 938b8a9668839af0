"""The kinds of nodes that a platform has, made from what was found out about it.

Nothing here knows the catalogue or the resolver: labels, taints and devices are those of the
records in `accelerator_records`.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import accelerator_records as research
from accelerator_records import Record

ZONE, ZONE_LABEL = "zone-a", "topology.kubernetes.io/zone"
MACHINE_LABEL = "node.kubernetes.io/instance-type"
NO_SCHEDULE = "NoSchedule"
ORDINARY = {"cpu": "192", "memory": "2Ti", "ephemeral-storage": "1Ti", "pods": "110"}


@dataclass(frozen=True)
class Node:
    """What the scheduler looks at: labels, taints and `resources`, which are quantities by name."""

    labels: dict[str, str]
    taints: tuple[dict[str, str], ...]
    resources: dict[str, str]


@dataclass(frozen=True)
class Kind:
    """Nodes of which a pod may get any; `name` is unlike that of any other kind."""

    name: str
    nodes: tuple[Node, ...]


def of_record(record: Record, *, zone: str = ZONE, spot: bool = False, room: int = 1) -> Kind:
    """Return the nodes that have the devices of `record`: one for each set of labels.

    With `room` they have those for so many pods, each of which asks for all of a real node.
    """
    name = f"{research.name(record)} {zone}{' spot' if spot else ''}"
    taints = list(_taints(record))
    extra = {ZONE_LABEL: zone}
    if spot:
        extra |= record["spot"]["node_selector"]
        taints += [_taint(each) for each in record["spot"]["tolerations"]]
    made = (
        Node(
            labels | extra, tuple(taints), ORDINARY | {record["resource_name"]: str(room * devices)}
        )
        for labels, devices in _labelled(record)
    )
    return Kind(name, tuple(made))


def beside(platform: str) -> Iterator[Kind]:
    """Yield kinds of nodes of `platform` that no device is asked from: CPUs, shared GPUs, spot."""
    plain = _ordinary_labels("amd64") | {ZONE_LABEL: ZONE, MACHINE_LABEL: "cpu-machine"}
    yield Kind(f"{platform} cpu", (Node(plain, (), ORDINARY),))
    for record in research.devices():
        if record["platform"] != platform or record.get("hosts", 1) > 1:
            continue
        if record["spot"] and record["spot"]["tolerations"]:
            yield of_record(record, spot=True)
        for product in record.get("shared_values", ()):
            labels = plain | {"nvidia.com/gpu.product": product}
            resources = ORDINARY | {record["resource_name"]: "64"}
            yield Kind(f"{platform} {product}", (Node(labels, (), resources),))
        yield from _divided(record)


def _divided(record: Record) -> Iterator[Kind]:
    """Yield the nodes of GKE that have parts of the device, and its label, resource and taint."""
    if record["platform"] != "gke-standard" or record["kind"] != "gpu":
        return
    parts = [
        {"cloud.google.com/gke-gpu-partition-size": size}
        for size in record.get("mig_partition_sizes", ())
    ]
    strategy = {"cloud.google.com/gke-gpu-sharing-strategy": "time-sharing"}
    parts.append(strategy | {"cloud.google.com/gke-max-shared-clients-per-gpu": "2"})
    parts += [{MACHINE_LABEL: machine} for machine in research.fractional_machines(record)]
    (whole,) = of_record(record).nodes
    for part in parts:
        resources = whole.resources | {record["resource_name"]: "64"}
        node = Node(whole.labels | part, whole.taints, resources)
        yield Kind(f"{research.name(record)} {'-'.join(part.values())}", (node,))


def _labelled(record: Record) -> Iterator[tuple[dict[str, str], int]]:
    """Yield the labels of each node of the record, and how many devices it has."""
    device = research.base(record) if record["kind"] == "mig" else record
    labels = _ordinary_labels(record.get("arch") or "amd64")
    if machine := record.get("machine_type"):
        labels[MACHINE_LABEL] = machine
    optional = record.get("optional_selectors") or {}
    labels |= {key: value for key, value in optional.items() if not set(value) & set("<|")}
    labels |= device["node_selector"] | record["node_selector"]
    counts = record.get("instance_types") or {}
    keys = [requirement["key"] for requirement in device["node_affinity"]]
    for values in itertools.product(*(r["values"] for r in device["node_affinity"])):
        named = [counts[value] for value in values if value in counts]
        yield labels | dict(zip(keys, values, strict=True)), min(named, default=_most(record))


def _most(record: Record) -> int:
    return max(record["allowed_counts"], default=1)


def _ordinary_labels(architecture: str) -> dict[str, str]:
    return {"kubernetes.io/os": "linux", "kubernetes.io/arch": architecture}


def _taints(record: Record) -> Iterator[dict[str, str]]:
    yield from (_taint(taint) for taint in record.get("node_taints_by_platform") or ())
    if record["platform"].startswith("gke") and record.get("arch") == "arm64":
        # Not in the records' taints: GKE's autoscaler, pkg/cloudprovider/gke (their notes say it).
        yield {"key": "kubernetes.io/arch", "value": "arm64", "effect": NO_SCHEDULE}


def _taint(given: dict[str, Any]) -> dict[str, str]:
    return {"key": given["key"], "value": given.get("value", ""), "effect": given["effect"]}
