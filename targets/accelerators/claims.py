"""Devices that a pod claims of a driver of Dynamic Resource Allocation, not as a resource.

A claim names a DeviceClass of the driver, and tells the model by expressions (CEL) on attributes of
its devices: https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from headrace.compiler.settings import StepSettings, Toleration
from headrace.targets.accelerators import catalogue, names
from headrace.targets.accelerators.catalogue import CUSTOM, Record
from headrace.targets.accelerators.device_names import device_name
from headrace.targets.accelerators.placement import CLAIM, Claim
from headrace.targets.accelerators.refusal import NOT_THERE, Unplaceable
from headrace.targets.accelerators.resolver import Found

_MIG_PROFILE = re.compile(r"\d+[a-z]\.\d+gb(\..+)?")
_ATTRIBUTE = re.compile(r"^device\.attributes\['[^']*'\]\.(\w+)")
_DISCOVERED = ("nvidia.com/", "amd.com/")
"""How the labels begin that the vendors' own discovery of devices puts on nodes. It may be missing
where a driver publishes the devices, and says no more than the driver does."""


@dataclass(frozen=True)
class Claimed:
    """What a pod claims, if it claims anything: with the tolerations of the driver, and doubts."""

    claim: Claim | None = None
    tolerations: tuple[Toleration, ...] = ()
    doubts: tuple[str, ...] = ()


def claimed(settings: StepSettings, found: Found | None) -> Claimed:
    """Return what a pod with `settings` claims of what was `found`.

    Raises:
        Unplaceable: no driver is known that has it, or `pod` claims something in its place.
    """
    if found is None or (found.records[0].resource_name and not settings.resource_claim):
        return Claimed()
    _check_pod(settings)
    request = names.parse(settings.accelerator or "")
    assert request is not None  # it was found
    record = found.records[0]
    if record.platform == CUSTOM:
        return Claimed(_own(record, request, found))
    driver = next((each for each in catalogue.claimed() if each.vendor == record.vendor), None)
    if driver is None:
        raise _refusal(
            f"no driver is known of which {request.name!r} can be claimed",
            "leave `resource_claim` out, or describe it in a table [accelerators.NAME] with a "
            "device_class",
        )
    claim = _of_driver(request, found, driver)
    return Claimed(claim, driver.tolerations, tuple(_doubts(claim, driver)))


def without_discovered(record: Record) -> Record:
    """Return `record` without the labels in whose place a driver has attributes of devices."""
    if record.platform == CUSTOM:
        return record
    selector = record.node_selector.items()
    return replace(
        record,
        node_selector={k: v for k, v in selector if not k.startswith(_DISCOVERED)},
        node_affinity=tuple(
            each for each in record.node_affinity if not each.key.startswith(_DISCOVERED)
        ),
    )


def _of_driver(request: names.Request, found: Found, driver: Record) -> Claim:
    if request.fraction and (driver.vendor != "nvidia" or not _is_mig(request.fraction)):
        raise _refusal(
            f"a claim for {request.fraction!r} of {request.name!r} needs parameters of its driver",
            "name a ResourceClaimTemplate of your own in `pod`, and leave `resource_claim` out",
        )
    claim = Claim(
        name=_name(request, found),
        device_class=driver.dra["device_classes"][1 if request.fraction else 0],
        selectors=tuple(_selectors(request, found, driver)),
        count=found.count,
        takes_all=driver.dra.get("allocationMode") == "All",
        resource=found.records[0].resource_name,
    )
    return _named_by_content(claim)


def _doubts(claim: Claim, driver: Record) -> Iterator[str]:
    """Yield the attributes by which `claim` tells devices and that no source of `driver` lists."""
    for selector in claim.selectors:
        for attribute in _ATTRIBUTE.findall(selector):
            if attribute not in driver.dra.get("attributes", ()):
                yield f"the attribute {attribute} of the driver {driver.dra['driver']}"


def _own(record: Record, request: names.Request, found: Found) -> Claim:
    if record.device_class is None:
        raise _refusal(
            f"accelerator {request.name!r} of the configuration has no class to claim it by",
            f'add device_class = "..." to [accelerators.{record.canonical_name}]',
        )
    claim = Claim(
        name=_name(request, found),
        device_class=record.device_class,
        selectors=record.device_selectors,
        count=found.count,
        resource=record.resource_name,
    )
    return _named_by_content(claim)


def _selectors(request: names.Request, found: Found, driver: Record) -> Iterator[str]:
    domain = driver.dra.get("driver", "")
    attributes = f"device.attributes['{domain}']"
    records = found.records
    if driver.vendor == "nvidia" and request.name != "gpu":
        models = [replace(r, canonical_name=r.canonical_name.partition(":")[0]) for r in records]
        pattern = device_name(models)
        if not pattern:
            raise _unknown(domain, request)
        yield f"{attributes}.productName.matches('{pattern}')"
    if driver.vendor == "nvidia" and request.fraction:
        profile = request.fraction.replace(".me", "+me").replace(".gfx", "+gfx")
        yield f"{attributes}.profile == '{profile}'"
    if driver.vendor == "google":
        values = {v for r in records for k, v in r.node_selector.items() if "tpu-accel" in k}
        yield f"{attributes}.accelerator in {_listed(values)}"
    if driver.vendor == "amd" and all(record.product_names for record in records):
        products = {product for record in records for product in record.product_names}
        yield f"{attributes}.productName in {_listed(products)}"
    elif driver.vendor == "amd" and not all(without_discovered(r).labels for r in records):
        raise _unknown(domain, request)


def _unknown(driver: str, request: names.Request) -> Unplaceable:
    return _refusal(
        f"what the driver {driver} calls {request.name!r} is not known",
        "leave `resource_claim` out, or describe it in a table [accelerators.NAME]",
    )


def _listed(texts: set[str]) -> str:
    return "[" + ", ".join(f"'{text}'" for text in sorted(texts)) + "]"


def _is_mig(fraction: str) -> bool:
    return _MIG_PROFILE.fullmatch(fraction) is not None


def _name(request: names.Request, found: Found) -> str:
    """Return a readable name, however the accelerator was spelled."""
    models = {record.canonical_name.partition(":")[0] for record in found.records}
    name = models.pop() if len(models) == 1 else request.name
    parts = [name, request.fraction, found.records[0].topology or str(found.count)]
    return re.sub(r"[^a-z0-9]+", "-", "-".join(filter(None, parts)).lower()).strip("-")


def _named_by_content(claim: Claim) -> Claim:
    """Return `claim` with a digest of itself in its name: a template cannot be changed."""
    digest = hashlib.sha256(json.dumps(claim.spec()).encode()).hexdigest()[:10]
    return replace(claim, name=f"{claim.name[:40].rstrip('-')}-{digest}")


def _refusal(message: str, hint: str) -> Unplaceable:
    return Unplaceable(NOT_THERE, message, hint, "resource_claim")


def _check_pod(settings: StepSettings) -> None:
    """Check that the setting `pod` claims nothing in the place of the accelerator.

    Raises:
        Unplaceable: it does, and what is merged last would win.
    """
    of_container = any(
        container.get("resources", {}).get("claims")
        for container in settings.pod.get("containers", ())
    )
    names = (claim.get("name") for claim in settings.pod.get("resourceClaims", ()))
    if of_container or CLAIM in names:
        raise _refusal(
            "`pod` has claims for the container of the step, and so has its accelerator",
            "leave `resource_claim` out, and name all claims in `pod`; or leave them out there",
        )


def all_claimed(records: Sequence[Record]) -> tuple[Record, ...]:
    """Return `records` as a claim leaves them to the labels of nodes."""
    return tuple(without_discovered(record) for record in records)
