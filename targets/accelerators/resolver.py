"""From what `accelerator` asks for to the records of a platform that give it: pure functions."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from headrace.compiler.settings import OwnAccelerator
from headrace.compiler.suggestions import did_you_mean, known_names
from headrace.targets.accelerators import catalogue, names
from headrace.targets.accelerators.catalogue import BARE, DEVICES, Capacity, Platform, Record
from headrace.targets.accelerators.fractions import fraction_of, share_called
from headrace.targets.accelerators.refusal import NOT_THERE, UNKNOWN, Unplaceable

_TOPOLOGY = re.compile(r"\d+(x\d+){1,2}")
_SEVERAL_MODELS = {"gaudi2", "gaudi3"}
"""Names of models that no published label tells apart: one record stands for them."""


@dataclass(frozen=True)
class Found:
    """The records of one platform that give what was asked for, any of them as good as another.

    `count` is what a pod asks of the resource of each; `hosts` is how many such pods there are to
    be. `doubts` say which facts are uncertain.
    """

    records: tuple[Record, ...]
    count: int
    hosts: int = 1
    doubts: tuple[str, ...] = ()


def platform_called(name: str) -> Platform:
    """Return the platform of that name, canonical or short.

    Raises:
        Unplaceable: there is none.
    """
    wanted = name.strip().lower()
    canonical = catalogue.platform_aliases().get(wanted, wanted)
    if canonical in catalogue.platform_names():
        return catalogue.platform(canonical)
    known = {*catalogue.platform_names(), *catalogue.platform_aliases()}
    hint = did_you_mean(wanted, known) or known_names(catalogue.platform_names())
    raise Unplaceable(UNKNOWN, f"no platform is called {name!r}", hint)


def find(
    text: str,
    platform: Platform,
    own: Sequence[tuple[str, OwnAccelerator]] = (),
    machine_type: str | None = None,
) -> Found:
    """Return what gives the accelerator `text` on `platform`.

    `own` are the accelerators of the configuration, which come first; with `machine_type` only
    records of such machines count.

    Raises:
        Unplaceable: it is not there, or not in that amount.
    """
    request = names.parse(text)
    if request is None:
        raise Unplaceable(UNKNOWN, f"{text!r} is no accelerator", 'write it as "a100-80gb:2"')
    records = _own(request.name, own) or _of_platform(request, platform)
    if request.fraction:
        records = fraction_of(records, request.fraction, platform)
    if machine_type is not None:
        records = _of_machine(records, machine_type, platform)
    found = _topology(records, request) if records[0].kind == "tpu" else _count(records, request)
    return replace(found, doubts=tuple(_doubts(request, found.records)))


def check_name(text: str, own: Iterable[str] = (), platform: Platform | None = None) -> None:
    """Check that `text` names an accelerator that exists anywhere; `own` are the user's names.

    A wrong one is answered with the nearest names, and with those that `platform` has.

    Raises:
        Unplaceable: it names none.
    """
    request = names.parse(text)
    own_names = {name.lower() for name in own}
    if request is None or not (request.name in own_names or names.is_known(request.name)):
        name = text if request is None else request.name
        known = names.known_names() | own_names
        there = [*devices_of(platform), *sorted(own_names)] if platform else []
        lists = known_names(there) if there else "`headrace accelerators` lists them"
        hint = " ".join(filter(None, (did_you_mean(name, known), lists)))
        raise Unplaceable(UNKNOWN, f"no accelerator is called {name!r}", hint)


def _own(name: str, own: Sequence[tuple[str, OwnAccelerator]]) -> list[Record]:
    return [
        Record(
            platform=catalogue.CUSTOM,
            kind="gpu",
            canonical_name=own_name,
            source="the configuration",
            confidence="high",
            memory_gib=given.memory_gib,
            resource_name=given.resource,
            count_rule="in_list" if given.counts else "any",
            allowed_counts=given.counts,
            node_selector=given.node_selector,
            node_affinity=given.node_affinity,
            tolerations=given.tolerations,
            spot=Capacity(given.spot_node_selector, given.spot_tolerations)
            if given.spot_node_selector or given.spot_tolerations
            else None,
            runtime_class=given.runtime_class,
            scheduler=given.scheduler,
            environment=given.env,
            device_class=given.device_class,
            device_selectors=given.device_selectors,
        )
        for own_name, given in own
        if own_name.lower() == name
    ]


def _of_platform(request: names.Request, platform: Platform) -> list[Record]:
    claimed = {names.compact(record.canonical_name) for record in catalogue.claimed()}
    if names.compact(request.name) in claimed:
        raise Unplaceable(
            NOT_THERE,
            f"{request.name!r} is a driver, of which a resource claim asks for devices",
            'name the device, as in "a100-80gb", and set resource_claim = true',
        )
    found = names.find(request.name, platform.records)
    if not found and request.name == "gpu":
        found = _any_gpu(platform)
    found = found or share_called(request.name, platform)
    if found:
        return found
    _refuse_tpu7(request)
    check_name(request.name, (), platform)
    there = devices_of(platform)
    near = did_you_mean(request.name, there)
    has = known_names(there) if there else "describe it in a table [accelerators.NAME]"
    elsewhere = _platforms_with(request.name)
    also = f"; elsewhere: {', '.join(elsewhere)}" if elsewhere else ""
    message = f"{platform.title} has no accelerator {request.name!r}"
    raise Unplaceable(NOT_THERE, message, f"{near} {has}{also}".strip())


def devices_of(platform: Platform) -> list[str]:
    """Return the names of the devices of `platform`, sorted."""
    found = {record.canonical_name for record in platform.of_kind(*DEVICES)}
    return sorted("gpu" if name == "any" else name for name in found)


def _refuse_tpu7(request: names.Request) -> None:
    for record in catalogue.all_records():
        if record.kind == "tpu_rule" and record.canonical_name == request.name:
            raise Unplaceable(
                NOT_THERE, f"no topology of {request.name!r} is published", 'write "tpu7x:2x2x1"'
            )


def _platforms_with(name: str) -> list[str]:
    platforms = (catalogue.platform(each) for each in catalogue.platform_names() if each != BARE)
    return [each.name for each in platforms if names.find(name, each.records)]


def _any_gpu(platform: Platform) -> list[Record]:
    """Return a record for any NVIDIA GPU of `platform`: the resource, and no model."""
    gpus = [record for record in platform.of_kind("gpu") if record.vendor == "nvidia"]
    if not gpus:
        return []
    shared = (t for t in gpus[0].tolerations if all(t in gpu.tolerations for gpu in gpus))
    any_gpu = Record(
        platform=platform.name,
        kind="gpu",
        canonical_name="gpu",
        source=gpus[0].source,
        confidence="high",
        vendor="nvidia",
        resource_name=gpus[0].resource_name,
        count_rule="any",
        tolerations=tuple(shared),
        spot=platform.spot,
    )
    return [any_gpu]


def _of_machine(records: list[Record], machine_type: str, platform: Platform) -> list[Record]:
    if not any(record.machines for record in records):
        return records
    found = [r for r in records if any(fnmatchcase(machine_type, m) for m in r.machines)]
    if not found:
        machines = {machine for record in records for machine in record.machines}
        message = f"{machine_type!r} is no machine of {platform.title} with that accelerator"
        hint = did_you_mean(machine_type, machines) or known_names(machines)
        raise Unplaceable(NOT_THERE, message, hint)
    return found


# --- amounts -------------------------------------------------------------------------------------


def _count(records: Sequence[Record], request: names.Request) -> Found:
    amount = request.amount or "1"
    if not amount.isdecimal() or not int(amount):
        message = f"{amount!r} is no count of {request.name!r}"
        raise Unplaceable(NOT_THERE, message, f'write it as "{request.name}:2"')
    count = int(amount)
    fitting = tuple(record for record in records if _allows(record, count))
    if not fitting:
        counts = sorted({count for record in records for count in record.allowed_counts})
        rule = "at most" if records[0].count_rule == "at_most_max" else "one of"
        said = f"{counts[-1]}" if rule == "at most" else ", ".join(map(str, counts))
        message = f"one host cannot have {count} of {request.name!r}: {rule} {said}"
        raise Unplaceable(NOT_THERE, message, f'ask for {counts[-1]}: "{_again(request, counts)}"')
    return Found(fitting, count)


def _again(request: names.Request, counts: Sequence[int]) -> str:
    fraction = f"/{request.fraction}" if request.fraction else ""
    return f"{request.name}{fraction}:{counts[-1]}"


def _allows(record: Record, count: int) -> bool:
    if record.count_rule == "any" or not record.allowed_counts:
        return True
    if record.count_rule == "at_most_max":
        return count <= max(record.allowed_counts)
    return count in record.allowed_counts


def _topology(records: Sequence[Record], request: names.Request) -> Found:
    """Return the slice that was asked for: by its topology, its chips, or a name that tells it."""
    by_name = request.name in {record.tpu_accelerator_type_env for record in records}
    if not request.amount and not by_name:
        shown = list(dict.fromkeys(r.topology for r in records if r.hosts == 1))
        message = f"{request.name!r} needs a topology"
        hint = f'write it as "{request.name}:{shown[-1] if shown else records[0].topology}"'
        raise Unplaceable(NOT_THERE, message, f"{hint}; of one host: {', '.join(shown)}")
    fitting = [r for r in records if _is_asked(r, request)] or _by_rule(records, request)
    if not fitting:
        message = f"{request.name!r} has no topology {request.amount!r}"
        topologies = list(dict.fromkeys(record.topology for record in records))
        hint = did_you_mean(request.amount, topologies)
        raise Unplaceable(NOT_THERE, message, hint or f"known here: {', '.join(topologies)}")
    fewest = min(record.hosts for record in fitting)
    best = [record for record in fitting if record.hosts == fewest]
    best = [record for record in best if record.topology == best[0].topology]
    # The first label of a generation is the current one; an older one is asked for by its value.
    first = {record.canonical_name: record for record in reversed(best)}
    chosen = [r for r in best if first[r.canonical_name] is r]
    pinned = tuple(_pinned(record, records) for record in chosen)
    return Found(pinned, chosen[0].chips_per_vm, fewest)


def _is_asked(record: Record, request: names.Request) -> bool:
    if not request.amount:
        return record.tpu_accelerator_type_env == request.name
    chips = int(request.amount) if request.amount.isdecimal() else 0
    return record.topology == request.amount or record.chips == chips


def _pinned(record: Record, records: Iterable[Record]) -> Record:
    """Return `record` told apart from slices of other hosts with the same labels."""
    alike = [r for r in records if r.labels == record.labels and r.hosts != record.hosts]
    if not alike:
        return record
    return replace(record, node_selector={**record.node_selector, **record.optional_selectors})


def _by_rule(records: Sequence[Record], request: names.Request) -> list[Record]:
    """Return a slice of three dimensions that follows the rule, without a record of its own.

    Every dimension is a multiple of 4, none smaller than the one before it; the rule is the record
    `tpu-3d-rule`.
    """
    model = next((r for r in records if r.topology.count("x") == 2 and r.hosts > 1), None)
    if model is None or not _TOPOLOGY.fullmatch(request.amount):
        return []
    sizes = [int(size) for size in request.amount.split("x")]
    chips = math.prod(sizes)
    if len(sizes) != 3 or sizes != sorted(sizes) or any(size % 4 for size in sizes) or not chips:
        return []
    label = next(key for key, value in model.node_selector.items() if value == model.topology)
    return [
        replace(
            model,
            topology=request.amount,
            chips=chips,
            hosts=chips // model.chips_per_vm,
            node_selector={**model.node_selector, label: request.amount},
            tpu_accelerator_type_env="",
        )
    ]


# --- doubts --------------------------------------------------------------------------------------


def _doubts(request: names.Request, records: Iterable[Record]) -> Iterable[str]:
    for record in records:
        if record.confidence == "low":
            yield f"{record.canonical_name} on {record.platform}"
    if request.name in _SEVERAL_MODELS:
        yield f"{request.name}, which no published label tells from other models"
