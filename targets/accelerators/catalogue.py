"""The catalogue: what each platform calls its accelerators, read from the files in `catalogue/`.

One file for each platform, one record in a line, each with its source; `catalogue.schema.json` is
their JSON schema. A file is read when its platform is asked for.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.resources import files
from typing import Any

from headrace.compiler.settings import NodeRequirement, Toleration

BARE = "bare"
"""The platform whose nodes have no labels that tell accelerators apart: the resource is all."""

CUSTOM = "custom"
"""The platform that has nothing but the user's own accelerators."""

DEVICES = ("gpu", "tpu", "neuron", "gaudi")
"""The kinds of records that are accelerators of their own, rather than parts or rules of some."""


@dataclass(frozen=True, eq=False)
class Capacity:
    """What a pod needs to run on nodes of some provisioning, such as spot nodes."""

    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()


@dataclass(frozen=True, eq=False)
class Record:
    """What one platform calls one accelerator, or a part of one.

    `memory_gib` is the nominal memory of one device. `allowed_counts` are counts of
    `resource_name` as `count_rule` reads them: `equal`, `in_list`, `at_most_max` (the largest is
    the size of the largest node) or `any`. `chips_per_vm` is what one host of a TPU slice has.
    `confidence` says how sure its facts are: `high`, `medium` or `low`. `dra` is what a driver of
    dynamic resource allocation calls its devices, in a record of kind `dra`; `device_class` and
    `device_selectors` are those of a claim for an accelerator that the configuration describes.
    """

    platform: str
    kind: str
    canonical_name: str
    source: str
    confidence: str
    notes: str = ""
    vendor: str = ""
    model: str = ""
    memory_gib: float | None = None
    resource_name: str = ""
    count_rule: str = ""
    allowed_counts: tuple[int, ...] = ()
    node_selector: Mapping[str, str] = field(default_factory=dict)
    node_affinity: tuple[NodeRequirement, ...] = ()
    tolerations: tuple[Toleration, ...] = ()
    spot: Capacity | None = None
    topology: str = ""
    chips: int = 0
    chips_per_vm: int = 0
    hosts: int = 1
    optional_selectors: Mapping[str, str] = field(default_factory=dict)
    tpu_accelerator_type_env: str = ""
    mig_partition_sizes: Mapping[str, int] = field(default_factory=dict)
    product_names: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()
    expands_to: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    runtime_class: str | None = None
    scheduler: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    dra: Mapping[str, Any] = field(default_factory=dict)
    device_class: str | None = None
    device_selectors: tuple[str, ...] = ()

    @property
    def labels(self) -> dict[str, tuple[str, ...]]:
        """The labels that a node must have, each with the values that it may have."""
        required = {key: (value,) for key, value in self.node_selector.items()}
        return required | {each.key: each.values for each in self.node_affinity}


@dataclass(frozen=True, eq=False)
class Platform:
    """A kind of cluster.

    `machine_family`, `reservation` and `compute_class` are the labels that nodes have for these,
    `reservation_with` the labels that a pod must select beside it. Nodes whose devices are divided
    or shared have one of the labels `divided`, beside those of nodes with whole ones.
    """

    name: str
    title: str
    aliases: tuple[str, ...] = ()
    machine_family: str | None = None
    reservation: str | None = None
    reservation_with: Mapping[str, str] = field(default_factory=dict)
    compute_class: str | None = None
    spot: Capacity | None = None
    flex_start: Capacity | None = None
    divided: tuple[str, ...] = ()
    records: tuple[Record, ...] = ()

    def of_kind(self, *kinds: str) -> Iterator[Record]:
        """Yield the records of `kinds`."""
        return (record for record in self.records if record.kind in kinds)


@dataclass(frozen=True, eq=False)
class _File:
    platform: Platform
    shared_by: tuple[str, ...] | None
    synonyms: Mapping[str, str]


@cache
def platform(name: str) -> Platform:
    """Return the platform of the canonical name `name`.

    Raises:
        KeyError: there is none.
    """
    if name == BARE:
        return Platform(BARE, "a cluster without labels for accelerators", records=_bare_records())
    if name == CUSTOM:
        return Platform(CUSTOM, "a cluster that the configuration describes")
    if name not in platform_names():
        raise KeyError(name)
    shared = [f.platform.records for f in _files().values() if name in (f.shared_by or ())]
    own = _file(name).platform
    records = (*own.records, *(record for records in shared for record in records))
    values = {each.name: getattr(own, each.name) for each in fields(Platform)}
    return Platform(**{**values, "records": records})


@cache
def platform_names() -> tuple[str, ...]:
    """Return the canonical names of all platforms, sorted."""
    named = (name for name in _file_names() if name not in ("any", "dra", "eks-any"))
    return tuple(sorted((*named, BARE, CUSTOM)))


@cache
def platform_aliases() -> dict[str, str]:
    """Return the short names of platforms, each with the canonical one."""
    return {alias: name for name, file in _files().items() for alias in file.platform.aliases}


@cache
def general() -> Platform:
    """Return the records that hold on every platform: names that stand for several, and `cpu`."""
    return _file("any").platform


@cache
def claimed() -> tuple[Record, ...]:
    """Return what can only be asked for by a claim (Dynamic Resource Allocation)."""
    return _file("dra").platform.records


def synonyms() -> Mapping[str, str]:
    """Return names that people use, each with the canonical one."""
    return _file("any").synonyms


def all_records() -> Iterator[Record]:
    """Yield every record of every file."""
    for file in _files().values():
        yield from file.platform.records


@cache
def _file_names() -> tuple[str, ...]:
    folder = files("headrace.targets.accelerators").joinpath("catalogue")
    return tuple(sorted(each.name.removesuffix(".json") for each in folder.iterdir()))


@cache
def _files() -> dict[str, _File]:
    return {name: _file(name) for name in _file_names()}


@cache
def _file(name: str) -> _File:
    path = files("headrace.targets.accelerators").joinpath("catalogue", f"{name}.json")
    return _read(json.loads(path.read_text(encoding="utf-8")))


def _read(data: Mapping[str, Any]) -> _File:
    name = data["platform"]
    reservation = data.get("reservation", {})
    platform = Platform(
        name=name,
        title=data["title"],
        aliases=tuple(data.get("aliases", ())),
        machine_family=data.get("machine_family"),
        reservation=reservation.get("label"),
        reservation_with=reservation.get("with", {}),
        compute_class=data.get("compute_class"),
        spot=_capacity(data.get("spot")),
        flex_start=_capacity(data.get("flex_start")),
        divided=tuple(data.get("divided", ())),
        records=tuple(_record(name, record) for record in data["records"]),
    )
    shared_by = data.get("shared_by")
    shared = None if shared_by is None else tuple(shared_by)
    return _File(platform, shared, data.get("synonyms", {}))


_FIELDS = frozenset(each.name for each in fields(Record))
_TUPLES = ("allowed_counts", "product_names", "expands_to", "facts")


def _record(platform: str, data: Mapping[str, Any]) -> Record:
    known = {name: value for name, value in data.items() if name in _FIELDS}
    known |= {name: tuple(known[name]) for name in _TUPLES if name in known}
    known["node_affinity"] = tuple(_requirement(each) for each in data.get("node_affinity", ()))
    known["tolerations"] = _tolerations(data)
    known["spot"] = _capacity(data.get("spot"))
    machines = [name for names in data.get("machine_types", {}).values() for name in names]
    machines += [*data.get("instance_types", {})]
    machines += [data["machine_type"]] if "machine_type" in data else []
    return Record(platform=platform, **known, machines=tuple(dict.fromkeys(machines)))


def _requirement(data: Mapping[str, Any]) -> NodeRequirement:
    return NodeRequirement(
        key=data["key"], operator=data["operator"], values=tuple(data.get("values", ()))
    )


def _tolerations(data: Mapping[str, Any]) -> tuple[Toleration, ...]:
    return tuple(Toleration(**each) for each in data.get("tolerations", ()))


def _capacity(data: Mapping[str, Any] | None) -> Capacity | None:
    return Capacity(data.get("node_selector", {}), _tolerations(data)) if data else None


def _bare_records() -> tuple[Record, ...]:
    """Return one record for each name that is the same device everywhere, without its labels.

    TPUs are left out: they exist on GKE only, and need its labels.
    """
    found: dict[str, Record] = {}
    for record in all_records():
        name = record.canonical_name
        if record.kind not in DEVICES or record.kind == "tpu" or name in found or name == "any":
            continue
        own = [t for t in record.tolerations if t.key == record.resource_name]
        found[name] = Record(
            platform=BARE,
            kind=record.kind,
            canonical_name=name,
            source="Kubernetes: https://kubernetes.io/docs/tasks/manage-gpus/scheduling-gpus/",
            confidence="high",
            notes="the nodes have no label that tells models apart: any device of the resource",
            vendor=record.vendor,
            model=record.model,
            memory_gib=record.memory_gib,
            resource_name=record.resource_name,
            count_rule="any",
            tolerations=tuple(own),
        )
    return tuple(found[name] for name in sorted(found))
