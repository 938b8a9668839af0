"""Which devices a step may get, whatever it calls them: what a policy judges."""

from collections.abc import Iterator, Mapping

from headrace.compiler.settings import OwnAccelerator, PipelineSettings
from headrace.compiler.target import DevicesAsked
from headrace.targets.accelerators import catalogue, names, resolver
from headrace.targets.accelerators.catalogue import DEVICES, Platform, Record
from headrace.targets.accelerators.refusal import Unplaceable


def asked_by_name(text: str, pipeline: PipelineSettings, machine_type: str | None) -> DevicesAsked:
    """Return what the setting `accelerator` may come to."""
    request = names.parse(text)
    if request is None:
        return DevicesAsked(((text.lower(),),))
    own = next((o for n, o in pipeline.accelerators.items() if n.lower() == request.name), None)
    if own is not None:
        others = (*_with(own.resource, _labels_of(own), pipeline), *_of_class(own, pipeline))
        return DevicesAsked(((request.name,),), others)
    found = _found(text, request, pipeline, machine_type)
    devices = dict.fromkeys(_called(record)[-1] for record in found) or [request.name]
    fraction = request.fraction
    return DevicesAsked(tuple((f"{d}/{fraction}", d) if fraction else (d,) for d in devices))


def asked_by_resource(
    resource: str, labels: Mapping[str, str], pipeline: PipelineSettings
) -> DevicesAsked:
    """Return what a pod may get that asks for `resource` on nodes with `labels`."""
    wanted = {key: (value,) for key, value in labels.items()}
    return DevicesAsked(((resource,),), tuple(_with(resource, wanted, pipeline)))


def meant_by(name: str) -> tuple[str, ...]:
    """Return the canonical names of all devices that `name` stands for, on any platform."""
    lowered = name.lower()
    if lowered == "gpu":
        found = [record for record in _everywhere() if record.vendor == "nvidia"]
    else:
        found = names.find(lowered, _everywhere())
    return tuple(dict.fromkeys(_called(record)[-1] for record in found))


def _found(
    text: str, request: names.Request, pipeline: PipelineSettings, machine_type: str | None
) -> Iterator[Record]:
    """Yield the records that the resolver may take; those of all platforms if none is set."""
    platform = _platform(pipeline)
    if request.name == "gpu":
        records = platform.of_kind("gpu") if platform else _everywhere()
        yield from (record for record in records if record.vendor == "nvidia")
    elif platform is None:
        yield from names.find(request.name, _everywhere())
    else:
        try:
            yield from resolver.find(text, platform, (), machine_type).records
        except Unplaceable:  # said of the step elsewhere
            yield from names.find(request.name, platform.records)


def _with(
    resource: str, labels: Mapping[str, tuple[str, ...]], pipeline: PipelineSettings
) -> Iterator[tuple[str, ...]]:
    """Yield the devices that are called `resource`, on nodes that may have `labels`."""
    platform = _platform(pipeline)
    records = platform.of_kind(*DEVICES, "mig") if platform else _everywhere()
    found = (record for record in records if resource and record.resource_name == resource)
    yield from dict.fromkeys(_called(record) for record in found if _fits(record, labels))


def _of_class(own: OwnAccelerator, pipeline: PipelineSettings) -> Iterator[tuple[str, ...]]:
    """Yield the devices of the driver whose class `own` claims: its selectors are not judged."""
    for driver in catalogue.claimed():
        if own.device_class in driver.dra["device_classes"]:
            platform = _platform(pipeline)
            records = platform.of_kind(*DEVICES, "mig") if platform else _everywhere()
            found = (record for record in records if record.vendor == driver.vendor)
            yield from dict.fromkeys(_called(record) for record in found)


def _fits(record: Record, labels: Mapping[str, tuple[str, ...]]) -> bool:
    known = record.labels
    return all(set(known[key]) & set(values) for key, values in labels.items() if key in known)


def _labels_of(own: OwnAccelerator) -> dict[str, tuple[str, ...]]:
    named = {each.key: each.values for each in own.node_affinity if each.operator == "In"}
    return named | {key: (value,) for key, value in own.node_selector.items()}


def _called(record: Record) -> tuple[str, ...]:
    """Return what a policy may call `record`: the part of a device if it is one, and the device."""
    device, _, profile = record.canonical_name.partition(":mig-")
    return (f"{device}/{profile}", device) if profile else (device,)


def _everywhere() -> Iterator[Record]:
    return (record for record in catalogue.all_records() if record.kind in (*DEVICES, "mig"))


def _platform(pipeline: PipelineSettings) -> Platform | None:
    try:
        return resolver.platform_called(pipeline.platform) if pipeline.platform else None
    except Unplaceable:  # said where it is set
        return None
