"""What was found out about accelerators, apart from the catalogue: what tests expect."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Record = dict[str, Any]

_FILE = Path(__file__).parent / "data" / "accelerators" / "records.json.gz"
RECORDS: list[Record] = json.loads(gzip.decompress(_FILE.read_bytes()))
"""All records, in the order of the file."""

DEVICES = ("gpu", "tpu", "neuron", "gaudi")
LEGACY_TPU = "tpu-v5-lite-device"
"""A label of v5e nodes that were made with an older version; its name asks for it."""


def devices() -> Iterator[Record]:
    """Yield the records of devices, and of MIG profiles."""
    return (record for record in RECORDS if record["kind"] in (*DEVICES, "mig"))


def name(record: Record) -> str:
    """Return a readable name of the record, unlike that of any other."""
    kind = record["node_selector"].get("cloud.google.com/gke-tpu-accelerator", "")
    parts = (record["platform"], record["canonical_name"], record.get("topology"), kind)
    return " ".join(str(part) for part in (*parts, record.get("machine_type")) if part)


def asked(record: Record) -> tuple[str, str | None]:
    """Return the accelerator that asks for the record, and the machine type if one is needed."""
    canonical = record["canonical_name"]
    if record["kind"] == "tpu":
        label = record["node_selector"]["cloud.google.com/gke-tpu-accelerator"]
        generation = label if label == LEGACY_TPU else canonical
        needed = record["machine_type"] if record["hosts"] > 1 and ambiguous(record) else None
        return f"{generation}:{record['topology']}", needed
    if record["platform"] == "lambda":
        return f"gpu:{count(record)}", None
    return f"{canonical}:{count(record)}", None


def ambiguous(record: Record) -> bool:
    """Whether slices of another number of hosts have the same labels."""
    return any(
        other["platform"] == record["platform"]
        and other["node_selector"] == record["node_selector"]
        and other["hosts"] != record["hosts"]
        for other in RECORDS
        if other["kind"] == "tpu"
    )


def count(record: Record) -> int:
    """Return the largest amount of the resource that one pod may ask for."""
    counts: list[int] = record["allowed_counts"]
    return max(counts, default=1)


def divided(record: Record) -> list[dict[str, Any]]:
    """Return what keeps a whole device of GKE off nodes that have parts of one (`gke-mig`,
    `gke-shared`, and the machines of the record that are said to be fractional).
    """
    if record["platform"] != "gke-standard" or record["kind"] != "gpu":
        return []
    keys = ("cloud.google.com/gke-gpu-partition-size", "cloud.google.com/gke-gpu-sharing-strategy")
    absent = [{"key": key, "operator": "DoesNotExist"} for key in keys]
    key = "node.kubernetes.io/instance-type"
    machines = fractional_machines(record)
    return absent + [{"key": key, "operator": "NotIn", "values": machines}] * bool(machines)


def fractional_machines(record: Record) -> list[str]:
    """Return the machines that have a part of a device, and the labels of one with a whole one."""
    names = [name for names in record.get("machine_types", {}).values() for name in names]
    return [name.partition(" ")[0] for name in names if "(fractional" in name]


def expected_pod(record: Record) -> dict[str, Any]:
    """Return the placement of a pod that asks for the record, and nothing more."""
    selector = dict(record["node_selector"])
    affinity = record["node_affinity"]
    if record["kind"] == "tpu" and ambiguous(record):
        if record["hosts"] == 1:
            selector |= record["optional_selectors"]
        else:
            selector["node.kubernetes.io/instance-type"] = record["machine_type"]
    if record["kind"] == "mig":
        # A profile of the same name may be a part of several models.
        affinity = base(record)["node_affinity"]
    return {
        "nodeSelector": selector,
        "affinity": [*affinity, *divided(record)],
        "tolerations": record["tolerations"],
        "resources": {record["resource_name"]: str(count(record))},
    }


def base(record: Record) -> Record:
    """Return the record of the device that a MIG profile is a part of."""
    model = record["canonical_name"].partition(":")[0]
    (found,) = (
        other
        for other in RECORDS
        if (other["platform"], other["canonical_name"]) == (record["platform"], model)
    )
    return found
