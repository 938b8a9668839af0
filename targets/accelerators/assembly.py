"""The placement of a step that asks for something by name: an accelerator, a zone, a spot node."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from headrace.compiler.pods import written_resources
from headrace.compiler.settings import PipelineSettings, StepSettings
from headrace.compiler.suggestions import did_you_mean, known_names
from headrace.targets.accelerators import catalogue, claims, names, resolver
from headrace.targets.accelerators.catalogue import Platform
from headrace.targets.accelerators.device_names import device_name
from headrace.targets.accelerators.labels import Labels
from headrace.targets.accelerators.options import add_options, capacities, keep_whole, no_option
from headrace.targets.accelerators.placement import Placement
from headrace.targets.accelerators.refusal import (
    HOSTS,
    NOT_THERE,
    UNKNOWN,
    WRONG_VALUE,
    Unplaceable,
)
from headrace.targets.accelerators.resolver import Found

SHARED_MEMORY_SIZE = "16Gi"
"""The shared memory of a step with an accelerator whose memory is not set; Kubernetes gives 64 MiB,
too little for data loaders and collectives. It counts against the memory of the container."""

NO_DEVICES = {"NVIDIA_VISIBLE_DEVICES": "void"}
"""What a container without a GPU sets: on a node with some, its runtime shows it all of them
otherwise (https://github.com/NVIDIA/k8s-device-plugin)."""


@dataclass(frozen=True)
class Assembled:
    """A placement, and the doubts about it: which of its facts are uncertain."""

    placement: Placement
    doubts: tuple[str, ...] = ()


def assembled(settings: StepSettings, pipeline: PipelineSettings) -> Assembled:
    """Return the placement of a step with `settings`, of a pipeline with those of `pipeline`.

    Raises:
        Unplaceable: the platform does not have what the step asks for.
    """
    platform = resolver.platform_called(pipeline.platform) if pipeline.platform else None
    found = _found(settings, pipeline, platform)
    claimed = claims.claimed(settings, found)
    records = found.records if found else ()
    labels = Labels.of_any(claims.all_claimed(records) if claimed.claim else records)
    capacity = list(capacities(settings, platform, found))
    add_options(labels, settings, platform)
    for each in capacity:
        labels.add(dict(each.node_selector))
    if found:
        keep_whole(labels, settings, platform, found)
    _add_own(labels, settings)
    tolerations = (
        *(toleration for record in records for toleration in record.tolerations),
        *claimed.tolerations,
        *(toleration for each in capacity for toleration in each.tolerations),
        *settings.tolerations,
    )
    placement = Placement(
        resources=_resources(settings, platform, None if claimed.claim else found),
        node_selector=labels.selector,
        node_terms=labels.terms,
        tolerations=tuple(dict.fromkeys(tolerations)),
        environment=_environment(settings, platform, found),
        claim=claimed.claim,
        shared_memory=settings.shared_memory
        or ((settings.memory or SHARED_MEMORY_SIZE) if found else None),
        runtime_class=settings.runtime_class
        or next((r.runtime_class for r in records if r.runtime_class), None),
        scheduler=next((record.scheduler for record in records if record.scheduler), None),
        hosts=_hosts(settings, found),
        device_name=device_name(records),
    )
    return Assembled(placement, (*(found.doubts if found else ()), *claimed.doubts))


def _found(
    settings: StepSettings, pipeline: PipelineSettings, platform: Platform | None
) -> Found | None:
    text = settings.accelerator
    if text is None or text == "cpu":
        return None
    own = tuple(pipeline.accelerators.items())
    request = names.parse(text)
    is_own = request is not None and request.name in {name.lower() for name, _ in own}
    if platform is None and is_own:
        platform = catalogue.platform(catalogue.CUSTOM)
    if platform is None:
        message = f"accelerator {text!r} needs a platform, which says what nodes call it"
        hint = f'set `platform = "gke"`; {known_names(catalogue.platform_names())}'
        raise Unplaceable(UNKNOWN, message, hint)
    if is_own:
        return resolver.find(text, platform, own, settings.machine_type)
    return _in_catalogue(text, platform.name, settings.machine_type)


@lru_cache(maxsize=256)
def _in_catalogue(text: str, platform: str, machine_type: str | None) -> Found:
    return resolver.find(text, catalogue.platform(platform), (), machine_type)


def _hosts(settings: StepSettings, found: Found | None) -> int:
    """Return on how many hosts a step runs: those of its TPU slice, or as many as it says."""
    if found is None or not any(record.topology for record in found.records):
        return settings.hosts
    if settings.hosts not in (1, found.hosts):
        have = "one host" if found.hosts == 1 else f"{found.hosts} hosts"
        raise Unplaceable(
            HOSTS,
            f"accelerator {settings.accelerator!r} has {have}, and `hosts` is {settings.hosts}",
            "leave `hosts` out: the topology of a slice says how many there are",
            "hosts",
        )
    return found.hosts


# --- labels --------------------------------------------------------------------------------------


def _add_own(labels: Labels, settings: StepSettings) -> None:
    for key, value in settings.node_selector.items():
        if labels.selector.get(key, value) != value or key in labels.keys_of_terms:
            raise Unplaceable(
                WRONG_VALUE,
                f"`node_selector` and `accelerator` both say what {key} must be",
                "leave it out of `node_selector`, or leave `accelerator` out",
                "node_selector",
            )
    labels.add(settings.node_selector)


# --- what the container has ----------------------------------------------------------------------


def _resources(
    settings: StepSettings, platform: Platform | None, found: Found | None
) -> dict[str, str]:
    resources = written_resources(settings)
    derived = {record.resource_name: str(found.count) for record in found.records} if found else {}
    derived |= dict(_network(settings.network, platform)) if settings.network else {}
    for name in derived:
        if resources.get(name, derived[name]) != derived[name]:
            raise Unplaceable(
                WRONG_VALUE,
                f"`resources` and `accelerator` both say how many {name} there must be",
                "leave it out of `resources`",
                "resources",
            )
    return resources | derived


def _network(text: str, platform: Platform | None) -> Iterator[tuple[str, str]]:
    name, _, amount = text.lower().partition(":")
    if platform is None:
        raise no_option("network", "", platform)
    adapters = {r.canonical_name: r for r in platform.of_kind("network")}
    record = adapters.get(name)
    if record is None or not record.resource_name:
        there = [each for each, r in adapters.items() if r.resource_name]
        message = f"{platform.title} has no network adapter {name!r} that a pod can ask for"
        hint = did_you_mean(name, there) or (known_names(there) if there else "leave it out")
        raise Unplaceable(NOT_THERE, message, hint, "network")
    most = max(record.allowed_counts)
    if amount and not (amount.isdecimal() and 1 <= int(amount) <= most):
        message = f"{amount!r} is no count of {name!r} that one host can have"
        raise Unplaceable(NOT_THERE, message, f"from 1 to {most}", "network")
    yield record.resource_name, amount or "1"


def _environment(
    settings: StepSettings, platform: Platform | None, found: Found | None
) -> dict[str, str]:
    if found:
        derived = dict(found.records[0].environment)
    else:
        derived = NO_DEVICES if settings.accelerator == "cpu" and platform else {}
    return {**derived, **settings.env}
