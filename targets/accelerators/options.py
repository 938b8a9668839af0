"""What a step asks of nodes beside devices: spot ones, a zone, a machine, a reservation."""

from collections.abc import Iterator

from headrace.compiler.settings import NodeRequirement, StepSettings, Toleration
from headrace.targets.accelerators.catalogue import CUSTOM, Capacity, Platform
from headrace.targets.accelerators.labels import Labels
from headrace.targets.accelerators.refusal import NOT_THERE, UNKNOWN, WRONG_VALUE, Unplaceable
from headrace.targets.accelerators.resolver import Found

NODE_ZONE = "topology.kubernetes.io/zone"
NODE_MACHINE = "node.kubernetes.io/instance-type"
"""Well-known labels: https://kubernetes.io/docs/reference/labels-annotations-taints/"""

_FRACTIONAL = " (fractional"
"""What follows the name of a machine that has a part of a device."""


def add_options(labels: Labels, settings: StepSettings, platform: Platform | None) -> None:
    """Require the machine, the reservation and the zones that `settings` ask for.

    Raises:
        Unplaceable: nodes of `platform` have no label for one of these.
    """
    if settings.machine_type:
        labels.narrow(NODE_MACHINE, settings.machine_type)
    if settings.machine_family:
        family = platform.machine_family if platform else None
        if family is None:
            raise no_option("machine_family", "label for families of machines", platform)
        labels.add({family: settings.machine_family})
    if settings.reservation:
        label = platform.reservation if platform else None
        if platform is None or label is None:
            raise no_option("reservation", "label for reservations", platform)
        labels.add({label: settings.reservation, **platform.reservation_with})
    if len(settings.zones) == 1:
        labels.add({NODE_ZONE: settings.zones[0]})
    elif settings.zones:
        labels.require(NodeRequirement(key=NODE_ZONE, operator="In", values=settings.zones))


def capacities(
    settings: StepSettings, platform: Platform | None, found: Found | None
) -> Iterator[Capacity]:
    """Yield what the provisioning of nodes that `settings` ask for takes.

    Raises:
        Unplaceable: `platform` does not have it, or two ask for it in ways that exclude each other.
    """
    asked = [key for key in ("spot", "flex_start", "compute_class") if getattr(settings, key)]
    if len(asked) > 1:
        raise Unplaceable(
            WRONG_VALUE,
            f"`{asked[0]}` and `{asked[1]}` both say how nodes are provisioned",
            "leave one of the two out: a compute class says itself whether its nodes are spot ones",
            asked[1],
        )
    if settings.spot:
        yield _spot(platform, found)
    if settings.flex_start:
        if platform is None or platform.flex_start is None:
            raise no_option("flex_start", "nodes with flex-start that a pod can ask for", platform)
        yield platform.flex_start
    if settings.compute_class:
        label = platform.compute_class if platform else None
        if label is None:
            raise no_option("compute_class", "label for compute classes", platform)
        # Such nodes have the taint, unless the class is the default of the cluster.
        taint = Toleration(key=label, value=settings.compute_class, effect="NoSchedule")
        yield Capacity({label: settings.compute_class}, (taint,))


def _spot(platform: Platform | None, found: Found | None) -> Capacity:
    spots = [record.spot for record in found.records] if found else []
    spot = next((each for each in spots if each), None) or (platform.spot if platform else None)
    if spot is None:
        raise no_option("spot", "spot nodes that a pod can ask for", platform)
    return spot


def no_option(setting: str, what: str, platform: Platform | None) -> Unplaceable:
    """Return the refusal of `setting`, for which `platform` has no `what`."""
    if platform is None:
        message = f"`{setting}` needs a platform, which says what nodes call it"
        return Unplaceable(UNKNOWN, message, 'set `platform = "gke"`', setting)
    message = f"{platform.title} has no {what}"
    hint = f"leave `{setting}` out, or use node_selector and tolerations"
    return Unplaceable(NOT_THERE, message, hint, setting)


def keep_whole(
    labels: Labels, settings: StepSettings, platform: Platform | None, found: Found
) -> None:
    """Exclude nodes whose devices are divided in another way than was asked for.

    On GKE these have the label of the model, its taint and its resource, too; a pod that asks for
    a whole device, and does not say so, may land on a slice of one:
    https://cloud.google.com/kubernetes-engine/docs/concepts/timesharing-gpus
    """
    if platform is None or not platform.divided:
        return
    if any(record.kind != "gpu" or record.platform == CUSTOM for record in found.records):
        return
    for key in platform.divided:
        if key not in labels.selector and key not in settings.node_selector:
            labels.require(NodeRequirement(key=key, operator="DoesNotExist"))
    machines = (machine for record in found.records for machine in record.machines)
    parts = [machine.partition(" ")[0] for machine in machines if _FRACTIONAL in machine]
    if parts and settings.machine_type is None:
        labels.require(NodeRequirement(key=NODE_MACHINE, operator="NotIn", values=tuple(parts)))
