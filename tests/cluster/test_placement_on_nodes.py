"""The pods of steps that ask by name, on the nodes of their platform: a real scheduler places them.

The pods are those of the Argo manifest; the nodes are made from what was found out
(`accelerator_records`), not from the catalogue. What the scheduler decides is found out once, for
all platforms together, and judged for each.
"""

import copy
import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import accelerator_records as research
import pods
from accelerator_records import Record
from airflow_cases import call, const, pipeline
from cluster import clients, node_kinds, pod_schema, scheduling
from cluster.node_kinds import ZONE, Kind
from cluster.scheduling import Decision, Subject
from cluster.server import Document
from headrace.compiler.settings import PipelineSettings, StepSettings

pytestmark = pytest.mark.cluster

PLATFORMS = sorted({record["platform"] for record in research.devices()})
OTHER_ZONE, NO_ZONE = "zone-b", "zone-c"


def records_of(platform: str) -> list[Record]:
    return [record for record in research.devices() if record["platform"] == platform]


def placed_of(platform: str) -> list[Record]:
    """Return the records that one node gives: the hosts of a slice are as many nodes."""
    return [record for record in records_of(platform) if record.get("hosts", 1) == 1]


def pods_of(records: list[Record], **options: Any) -> list[Document]:
    """Return the pods of steps that ask for `records` of one platform, as Argo makes them."""
    steps = []
    for number, record in enumerate(records):
        accelerator, machine_type = research.asked(record)
        settings = StepSettings(
            image="i:1", accelerator=accelerator, machine_type=machine_type, **options
        )
        steps.append(call(f"s-{number}", "same", {"value": const("1")}, settings=settings))
    platform = PipelineSettings(platform=records[0]["platform"])
    compiled = pipeline(*steps, result=const("1"), settings=platform)
    made = pods.pods(compiled, "argo")
    return [made[f"s-{number}"] for number in range(len(records))]


# --- a real API server takes them ----------------------------------------------------------------


def test_the_schema_by_which_all_pods_are_judged_is_the_server_s(api: Any) -> None:
    with gzip.open(pod_schema.FILE) as file:
        assert json.load(file) == pod_schema.pod_schema(pod_schema.published(api))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_real_api_server_takes_every_pod(platform: str, api: Any, namespace: str) -> None:
    records = records_of(platform)
    made = zip(map(research.name, records), pods_of(records), strict=True)
    refused = {name: clients.refusal_of_pod(api, namespace, pod) for name, pod in made}
    assert refused == dict.fromkeys(map(research.name, records))


def a_request_that_is_no_limit(pod: Document) -> None:
    del pod["containers"][0]["resources"]["limits"]["nvidia.com/gpu"]


def half_a_device(pod: Document) -> None:
    pod["containers"][0]["resources"] = {"limits": {"nvidia.com/gpu": "500m"}}


def an_unknown_field(pod: Document) -> None:
    pod["nodeselector"] = pod.pop("nodeSelector")


def an_unknown_operator(pod: Document) -> None:
    pod["tolerations"][0]["operator"] = "Exist"


def a_wrong_label(pod: Document) -> None:
    pod["nodeSelector"] = {"cloud.google.com/gke-accelerator": "nvidia l4"}


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (a_request_that_is_no_limit, "Limit must be set for non overcommitable resources"),
        (half_a_device, "must be an integer"),
        (an_unknown_field, 'unknown field "spec.nodeselector"'),
        (an_unknown_operator, "spec.tolerations[0].operator"),
        (a_wrong_label, "spec.nodeSelector"),
    ],
)
def test_a_real_api_server_refuses_what_is_wrong(
    damage: Callable[[Document], None], said: str, api: Any, namespace: str
) -> None:
    (l4,) = (r for r in placed_of("gke-standard") if r["canonical_name"] == "l4")
    (pod,) = pods_of([l4])
    assert clients.refusal_of_pod(api, namespace, pod) is None
    damage(pod)
    assert said in (clients.refusal_of_pod(api, namespace, pod) or "")


# --- a real scheduler places them ----------------------------------------------------------------


@dataclass(frozen=True)
class Decided:
    """What the scheduler decides on a pod while there are nodes of all kinds of its platform.

    There is one of its own kind, then there is none, then there is one that it may not have.
    """

    there: Decision
    missing: Decision
    out_of_reach: Decision

    def problems(self, own: str) -> Iterator[str]:
        """Yield what is wrong with that, if `own` is the only right kind."""
        if self.there.kind != own:
            where = f"went to {self.there.kind}" if self.there.kind else "stayed Pending"
            yield f"{where} though there was {own}; {self.there.reason}"
        for other in (self.missing, self.out_of_reach):
            if other.kind is not None:
                yield f"went to {other.kind} without {own}"
            elif "nodes are available: " not in other.reason:
                yield f"no reason of the scheduler: {other.reason}"


@dataclass(frozen=True)
class Damage:
    """A pod of the platform for the accelerator, with something wrong, and what then happens."""

    platform: str
    name: str
    change: Callable[[Document], None]
    happens: str

    @property
    def record(self) -> Record:
        """The record of the undamaged pod; of several it is the last."""
        *_, found = (r for r in placed_of(self.platform) if research.name(r).endswith(self.name))
        return found


def another_model(pod: Document) -> None:
    pod["nodeSelector"]["cloud.google.com/gke-accelerator"] = "nvidia-l4"


def no_toleration(pod: Document) -> None:
    del pod["tolerations"]


def no_memory_size(pod: Document) -> None:
    del pod["nodeSelector"]["karpenter.k8s.aws/instance-gpu-memory"]


def too_many(pod: Document) -> None:
    pod["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] = "16"
    pod["containers"][0]["resources"]["requests"]["nvidia.com/gpu"] = "16"


def no_affinity(pod: Document) -> None:
    del pod["affinity"]


def no_count_of_chips(pod: Document) -> None:
    del pod["nodeSelector"]["cloud.google.com/gke-accelerator-count"]
    resources = pod["containers"][0]["resources"]
    for asked in resources.values():
        asked["google.com/tpu"] = "4"


def only_a_topology(pod: Document) -> None:
    pod["nodeSelector"] = {"cloud.google.com/gke-tpu-topology": "1x1"}


DAMAGES = [
    Damage("gke-standard", " a100-80gb", another_model, "went to gke-standard l4 zone-a"),
    Damage("gke-standard", " l4", no_toleration, "stayed Pending"),
    Damage("eks-karpenter", " a100-40gb", no_memory_size, "went to eks-karpenter a100-80gb zone-a"),
    Damage("aks", " t4", too_many, "stayed Pending"),
    Damage("nvidia-gpu-operator", " a40", no_affinity, "went to nvidia-gpu-operator "),
    Damage("nvidia-gpu-operator", " h100-80gb:mig-1g.10gb", no_affinity, "a100-80gb:mig-1g.10gb"),
    Damage("gke-standard", " a100-40gb", no_affinity, " without gke-standard a100-40gb zone-a"),
    Damage("gke-standard", " t4", no_affinity, "went to gke-standard t4 time-sharing-2 without"),
    Damage("gke-standard", " rtx-pro-6000", no_affinity, " without gke-standard rtx-pro-6000"),
    Damage("gke-standard", "podslice ct5lp-hightpu-8t", no_count_of_chips, "ct5lp-hightpu-4t"),
    Damage("gke-autopilot", "podslice ct5lp-hightpu-1t", only_a_topology, "tpu-v6e 1x1"),
]


@dataclass(frozen=True)
class Observed:
    """All that the scheduler decided, by the names of subjects."""

    subjects: dict[str, Subject]
    decided: dict[str, Decided]


@pytest.fixture(scope="module")
def observed(api: Any, namespace: str) -> Observed:
    """Return what the scheduler decides on all pods, of all platforms."""
    subjects = {name: subject for p in PLATFORMS for name, subject in subjects_of(p)}
    with scheduling.field(api, namespace) as field:
        field.add((p, kind) for p in PLATFORMS for kind in all_kinds(p))
        missing: dict[str, Decision] = {}
        there: dict[str, Decision] = {}
        out_of_reach: dict[str, Decision] = {}
        # Records that are easily taken for each other stand side by side.
        for half in (0, 1):
            chosen = [r for p in PLATFORMS for r in placed_of(p)[half::2]]
            kinds = [(r["platform"], node_kinds.of_record(r)) for r in chosen]
            away = {(world, kind.name) for world, kind in kinds}
            field.remove(away)
            missing |= field.decisions(
                {n: s for n, s in subjects.items() if (s.world, s.own) in away}
            )
            field.add(kinds)
        # A damaged pod must not take what another one needs.
        for damaged in (False, True):
            some = {name: s for name, s in subjects.items() if s.damaged == damaged}
            there |= field.decisions(some)
            out_of_reach |= field.decisions(some, out_of_reach=True)
    decided = {name: Decided(there[name], missing[name], out_of_reach[name]) for name in subjects}
    return Observed(subjects, decided)


def all_kinds(platform: str) -> Iterator[Kind]:
    yield from map(node_kinds.of_record, records_of(platform))
    yield from node_kinds.beside(platform)


def subjects_of(platform: str) -> Iterator[tuple[str, Subject]]:
    records = placed_of(platform)
    for record, pod in zip(records, pods_of(records), strict=True):
        own = node_kinds.of_record(record).name
        yield research.name(record), Subject(platform, own, pod)
        for damage in DAMAGES:
            if damage.record == record:
                damaged = copy.deepcopy(pod)
                damage.change(damaged)
                name = f"{damage.change.__name__} {research.name(record)}"
                yield name, Subject(platform, own, damaged, damaged=True)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_pod_goes_to_its_own_kind_of_node_and_to_no_other(
    platform: str, observed: Observed
) -> None:
    names = [research.name(record) for record in placed_of(platform)]
    problems = {
        name: found
        for name in names
        if (found := list(observed.decided[name].problems(observed.subjects[name].own)))
    }
    assert problems == {}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.change.__name__)
def test_a_pod_with_something_wrong_is_found_out(damage: Damage, observed: Observed) -> None:
    name = f"{damage.change.__name__} {research.name(damage.record)}"
    own = observed.subjects[name].own
    assert damage.happens in "\n".join(observed.decided[name].problems(own))


def test_enough_of_every_platform_is_placed() -> None:
    placed = {platform: len(placed_of(platform)) for platform in PLATFORMS}
    assert len(placed) == 16
    assert all(placed.values())
    assert sum(placed.values()) == 259


# --- zones and spot nodes ------------------------------------------------------------------------

ASKED: list[tuple[dict[str, Any], set[tuple[str, bool]]]] = [
    ({"zones": (OTHER_ZONE,)}, {(OTHER_ZONE, False), (OTHER_ZONE, True)}),
    ({"zones": (OTHER_ZONE, NO_ZONE)}, {(OTHER_ZONE, False), (OTHER_ZONE, True)}),
    ({"zones": (NO_ZONE,)}, set()),
    ({"spot": True}, {(ZONE, True), (OTHER_ZONE, True)}),
    ({"spot": True, "zones": (OTHER_ZONE,)}, {(OTHER_ZONE, True)}),
    ({"spot": True, "zones": (NO_ZONE,)}, set()),
]
"""Settings of a step, and the nodes that it may get: zone, and whether it is a spot node."""


@dataclass(frozen=True)
class InPlace:
    """A step that asks for a place, and the kinds of nodes of which it may get one."""

    subject: Subject
    right: set[str | None]


def kinds_in_places(platform: str) -> list[Kind]:
    """Return nodes in all places for the first record, and in one place only for the last."""
    first, last = ends_of(platform)
    spots = (False, True) if first["spot"] else (False,)
    kinds = [
        node_kinds.of_record(first, zone=zone, spot=spot, room=len(ASKED))
        for zone in (ZONE, OTHER_ZONE)
        for spot in spots
    ]
    return kinds if last == first else [*kinds, node_kinds.of_record(last)]


def ends_of(platform: str) -> tuple[Record, Record]:
    first, *_, last = placed_of(platform) * 2
    return first, last


def in_places(platform: str) -> Iterator[tuple[str, InPlace]]:
    first, last = ends_of(platform)
    for options, places in ASKED:
        if "spot" in options and not first["spot"]:
            continue
        # A taint keeps out what does not ask for spot nodes; where there is none, it may get one.
        tainted = bool(first["spot"] and first["spot"]["tolerations"]) and "spot" not in options
        right = {
            node_kinds.of_record(first, zone=zone, spot=spot).name
            for zone, spot in places
            if not spot or (first["spot"] and not tainted)
        }
        yield in_place(first, options, right)
        if last != first:
            yield in_place(last, options, set())


def in_place(record: Record, options: dict[str, Any], right: set[str]) -> tuple[str, InPlace]:
    (pod,) = pods_of([record], **options)
    subject = Subject(record["platform"], research.name(record), pod)
    kinds: set[str | None] = {*right}
    return f"{research.name(record)} {options}", InPlace(subject, kinds or {None})


@pytest.fixture(scope="module")
def decided_in_places(api: Any, namespace: str) -> dict[str, Decision]:
    """Return what the scheduler decides on the pods that ask for a place, of all platforms."""
    with scheduling.field(api, namespace) as field:
        field.add((p, kind) for p in PLATFORMS for kind in kinds_in_places(p))
        asked = dict(each for p in PLATFORMS for each in in_places(p))
        return field.decisions({name: each.subject for name, each in asked.items()})


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_pod_goes_to_the_place_that_it_asks_for(
    platform: str, decided_in_places: dict[str, Decision]
) -> None:
    asked = dict(in_places(platform))
    assert asked
    wrong = {
        name: decided_in_places[name]
        for name, each in asked.items()
        if decided_in_places[name].kind not in each.right
    }
    assert wrong == {}
