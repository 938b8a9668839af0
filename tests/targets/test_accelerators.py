"""The catalogue, and what names of accelerators and platforms come to."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import accelerator_records as research
from headrace.compiler.settings import (
    NodeRequirement,
    OwnAccelerator,
    PipelineSettings,
    StepSettings,
    Toleration,
)
from headrace.targets.accelerators import Placement, catalogue, listing, place, place_on_hosts
from headrace.targets.accelerators.assembly import assembled
from headrace.targets.accelerators.refusal import Unplaceable

FOLDER = Path(__file__).resolve().parent.parent.parent / "targets" / "accelerators"
FILES = sorted((FOLDER / "catalogue").glob("*.json"))
GKE = PipelineSettings(platform="gke")


def placed(accelerator: str | None, platform: str | None = "gke", **given: Any) -> Placement:
    settings = StepSettings(image="i", accelerator=accelerator, **given)
    return place_on_hosts(settings, PipelineSettings(platform=platform))


def refused(accelerator: str | None, platform: str | None = "gke", **given: Any) -> Unplaceable:
    with pytest.raises(Unplaceable) as refusal:
        placed(accelerator, platform, **given)
    return refusal.value


def test_what_stands_in_the_settings_is_merged_without_the_catalogue() -> None:
    toleration = Toleration(key="pool", value="gpu")
    settings = StepSettings(
        image="i",
        memory="2Gi",
        cpu="1",
        ephemeral_storage="5Gi",
        resources={"nvidia.com/gpu": "2"},
        node_selector={"pool": "gpu"},
        tolerations=(toleration,),
        env={"A": "b"},
        shared_memory="1Gi",
        runtime_class="nvidia",
    )
    assert not settings.asks_by_name
    assert place(settings, PipelineSettings()) == Placement(
        resources={
            "cpu": "1",
            "memory": "2Gi",
            "ephemeral-storage": "5Gi",
            "nvidia.com/gpu": "2",
        },
        node_selector={"pool": "gpu"},
        tolerations=(toleration,),
        environment={"A": "b"},
        shared_memory="1Gi",
        runtime_class="nvidia",
    )
    assert place(StepSettings(image="i"), PipelineSettings()) == Placement()


# --- the catalogue -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_follows_the_schema(path: Path) -> None:
    schema = json.loads((FOLDER / "catalogue.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    errors = jsonschema.Draft202012Validator(schema).iter_errors(json.loads(path.read_text()))
    assert [f"{error.json_path}: {error.message}" for error in errors] == []
    assert json.loads(path.read_text())["platform"] == path.stem


def test_the_catalogue_says_what_was_found_out() -> None:
    written = [
        {"platform": data["platform"], **record}
        for data in (json.loads(path.read_text()) for path in FILES)
        for record in data["records"]
    ]
    nothing: tuple[Any, ...] = (None, [], {}, "")
    wanted = [{k: v for k, v in r.items() if v not in nothing} for r in research.RECORDS]
    assert len(written) == len(wanted)
    for record in wanted:
        assert any(record.items() <= other.items() for other in written), research.name(record)


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "platform", "canonical"),
    [
        ("A100-80GB", "gke", "a100-80gb"),
        ("a100_80gib", "gke", "a100-80gb"),
        ("nvidia-a100-80gb", "eks", "a100-80gb"),
        ("NVIDIA A100 80GB", "nvidia", "a100-80gb"),
        ("nvidia-tesla-a100", "gke", "a100-40gb"),
        ("NVIDIA-A100-SXM4-40GB", "openshift", "a100-40gb"),
        ("tesla-t4", "aks", "t4"),
        ("l4-24gb", "gke", "l4"),
        ("h100-sxm", "oke", "h100-80gb"),
        ("MI300X", "amd", "mi300x"),
        ("AMD_Instinct_MI300X_OAM", "amd", "mi300x"),
        ("trn1", "eks", "trainium1"),
        ("inf2", "karpenter", "inferentia2"),
        ("gaudi2", "gaudi", "gaudi"),
        ("flex-170", "intel", "intel-flex-170"),
        ("v5e:2x4", "gke", "tpu-v5e:2x4"),
        ("v5litepod-8", "gke", "tpu-v5e:2x4"),
        ("tpu-v5e:8", "gke", "tpu-v5e:2x4"),
        ("trillium:2x2", "autopilot", "tpu-v6e:2x2"),
        ("a100-80gb:mig-1g.10gb", "nvidia", "a100-80gb/1g.10gb"),
        ("rtx-6000", "eks-auto", "rtx-pro-6000"),
        ("gpu-shared", "nvidia", "gpu-shared"),
    ],
)
def test_names_forgive(written: str, platform: str, canonical: str) -> None:
    assert placed(written, platform) == placed(canonical, platform)


@pytest.mark.parametrize(
    ("written", "platform", "code", "said"),
    [
        ("a1000", "gke", "HR405", 'did you mean "a100"?'),
        ("a100", None, "HR405", 'platform = "gke"'),
        ("a100", "gcp", "HR405", "gke-standard"),
        ("a100", "ekss", "HR405", 'did you mean "eks"?'),
        ("mi300x", "gke", "HR431", "elsewhere: aks, amd-gpu-operator, doks, oke"),
        ("mi300x", "gke", "HR431", "known here: a100-40gb"),
        ("a100", "lambda", "HR431", "known here: gpu"),
        ("l4:9", "gke", "HR431", '"l4:8"'),
        ("l4:x", "gke", "HR431", '"l4:2"'),
        ("trn2:3", "eks", "HR431", '"trn2:16"'),
        ("tpu-v5e", "gke", "HR431", "of one host: 1x1, 2x2, 2x4"),
        ("tpu-v5e:3x3", "gke", "HR431", "known here: 1x1"),
        ("tpu-v4:8x4x4", "gke", "HR431", '"4x4x4"'),
        ("a100/1g.9gb", "gke", "HR431", 'did you mean "1g.5gb"?'),
        ("a100/mps", "eks", "HR431", "whole ones"),
        ("t4/time-slicing-99", "gke", "HR431", "from 2 to 48"),
        ("gke-mig", "gke", "HR431", "a100/1g.5gb"),
        ("tpu7", "gke", "HR431", "tpu7x"),
        ("dra-nvidia", "gke", "HR431", "name the device"),
        ("gpu", "amd", "HR431", "mi300x"),
    ],
)
def test_what_is_not_there_is_refused(
    written: str, platform: str | None, code: str, said: str
) -> None:
    refusal = refused(written, platform)
    assert refusal.code == code
    assert said in refusal.hint


# --- names that stand for several ----------------------------------------------------------------


def labels_of(record: research.Record) -> list[dict[str, str]]:
    """Return the labels of each node that the record speaks of."""
    found = [dict(record["node_selector"])]
    for requirement in record["node_affinity"]:
        found = [{**n, requirement["key"]: value} for n in found for value in requirement["values"]]
    return found


def takes(placement: Placement, labels: dict[str, str]) -> bool:
    """Whether Kubernetes would put the pod on a node with `labels`."""
    selected = all(labels.get(key) == value for key, value in placement.node_selector.items())
    terms = [all(holds(r, labels) for r in term) for term in placement.node_terms]
    return selected and (any(terms) if terms else True)


def holds(requirement: NodeRequirement, labels: dict[str, str]) -> bool:
    if requirement.operator == "DoesNotExist":
        return requirement.key not in labels
    return (labels.get(requirement.key) in requirement.values) == (requirement.operator == "In")


SEVERAL = [
    (record["canonical_name"], record["expands_to"], platform)
    for record in research.RECORDS
    if record["kind"] == "alias" and record["canonical_name"] not in ("gpu", "tpu", "tpu-v5")
    for platform in sorted({r["platform"] for r in research.devices()})
    if any(
        r["platform"] == platform and r["canonical_name"] in record["expands_to"]
        for r in research.devices()
    )
]


@pytest.mark.parametrize(("alias", "expands_to", "platform"), SEVERAL)
def test_an_ambiguous_name_accepts_each_of_its_devices_and_no_other(
    alias: str, expands_to: list[str], platform: str
) -> None:
    placement = placed(alias, platform)
    meant = 0
    for record in research.devices():
        if record["platform"] == platform and record["kind"] != "mig":
            is_meant = record["canonical_name"] in expands_to
            meant += is_meant
            for labels in labels_of(record):
                assert takes(placement, labels) == is_meant, research.name(record)
    assert meant


def test_an_ambiguous_tpu_accepts_the_generations_that_have_the_topology() -> None:
    key = "cloud.google.com/gke-tpu-accelerator"
    (term,) = placed("tpu:2x2").node_terms
    wanted = ("tpu-v5-lite-podslice", "tpu-v6e-slice")
    assert (NodeRequirement(key=key, operator="In", values=wanted),) == term
    assert placed("tpu-v5:2x2x1").node_selector[key] == "tpu-v5p-slice"


def test_an_ambiguous_name_means_what_has_that_many() -> None:
    assert placed("a100:16") == placed("a100-40gb:16")


def test_any_gpu_selects_no_model() -> None:
    placement = placed("gpu:2", "aks")
    assert placement.resources == {"nvidia.com/gpu": "2"}
    assert (placement.node_selector, placement.node_terms) == ({}, ())
    assert [t.key for t in placement.tolerations] == ["nvidia.com/gpu", "sku"]


# --- parts, shares, networks ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["gpu_sharing", "network", "dra", "tpu_rule"])
def test_a_record_that_is_no_device_has_its_way(kind: str) -> None:
    ways = {
        "gke-mig": {"accelerator": "a100-40gb/1g.5gb"},
        "gke-shared": {"accelerator": "t4/time-slicing-4"},
        "efa": {"network": "efa:32", "platform": "eks-karpenter"},
        "rdma": {"network": "rdma"},
        "ib": {"network": "ib"},
    }
    refused_ones = {"dra-nvidia", "dra-tpu", "dra-amd", "dra-neuron", "tpu7", "tpu-3d-rule"}
    for record in research.RECORDS:
        name = record["canonical_name"]
        if record["kind"] != kind:
            continue
        platform = record["platform"] if record["platform"] != "dra" else "gke"
        if name in refused_ones:
            assert refused(name, platform).code in ("HR405", "HR431")
            continue
        if name == "gke-rdma":
            assert "gke-rdma" in refused(None, platform, network=name).message
            continue
        way = ways.get(name, {"accelerator": name})
        placement = placed(
            way.get("accelerator"), way.get("platform", platform), network=way.get("network")
        )
        assert record["resource_name"] in placement.resources, name
        assert {t.key for t in placement.tolerations} >= {t["key"] for t in record["tolerations"]}


def test_a_part_of_a_gpu_on_gke_is_a_label_and_one_gpu() -> None:
    placement = placed("a100-40gb/1g.5gb")
    assert placement.resources == {"nvidia.com/gpu": "1"}
    assert placement.node_selector == {
        "cloud.google.com/gke-accelerator": "nvidia-tesla-a100",
        "cloud.google.com/gke-gpu-partition-size": "1g.5gb",
    }
    assert refused("a100-40gb/1g.5gb:2").code == "HR431"
    assert placed("t4/mps").node_selector["cloud.google.com/gke-gpu-sharing-strategy"] == "mps"
    assert placed("t4/time-slicing-4").node_selector == {
        "cloud.google.com/gke-accelerator": "nvidia-tesla-t4",
        "cloud.google.com/gke-gpu-sharing-strategy": "time-sharing",
        "cloud.google.com/gke-max-shared-clients-per-gpu": "4",
    }


def test_a_partition_of_an_amd_gpu_is_a_resource_of_its_own() -> None:
    placement = placed("mi300x/cpx_nps1", "amd")
    assert placement.resources == {"amd.com/cpx_nps1": "1"}
    assert placement.node_terms == placed("mi300x", "amd").node_terms


def test_a_virtual_gpu_needs_its_scheduler() -> None:
    assert placed("vgpu:2", "volcano").scheduler == "volcano"


def test_every_policy_stands_in_the_catalogue() -> None:
    for record in research.RECORDS:
        if record["kind"] == "policy" and record["platform"] != "any":
            (policy,) = catalogue.platform(record["platform"]).of_kind("policy")
            assert list(policy.facts) == record["facts"]


# --- topologies ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "hosts"),
    [("tpu-v4:4x4x8", 32), ("tpu-v4:8x8x8", 128), ("tpu-v5p:4x4x20", 80), ("tpu-v5e:16x16", 64)],
)
def test_a_slice_of_several_hosts(written: str, hosts: int) -> None:
    placement = placed(written)
    assert (placement.hosts, placement.resources) == (hosts, {"google.com/tpu": "4"})
    topology = written.partition(":")[2]
    assert placement.node_selector["cloud.google.com/gke-tpu-topology"] == topology


# --- options -------------------------------------------------------------------------------------


def test_spot_is_what_the_platform_calls_it() -> None:
    by_platform = {r["platform"]: r["spot"] for r in research.devices() if r["spot"]}
    for platform, spot in by_platform.items():
        placement = placed(None, platform, spot=True)
        assert placement.node_selector == spot["node_selector"]
        wanted = tuple(Toleration(**toleration) for toleration in spot["tolerations"])
        assert placement.tolerations == wanted
    both = placed("a100-80gb", "gke", spot=True)
    assert both.node_selector == {
        "cloud.google.com/gke-accelerator": "nvidia-a100-80gb",
        "cloud.google.com/gke-spot": "true",
    }
    assert refused(None, "openshift", spot=True).setting == "spot"
    assert refused(None, None, spot=True).code == "HR405"


def test_zones_machines_and_reservations_are_labels() -> None:
    placement = placed(
        "a100", zones=("a", "b"), reservation="r", machine_family="a2", memory="64Gi"
    )
    assert placement.node_selector == {
        "cloud.google.com/machine-family": "a2",
        "cloud.google.com/reservation-name": "r",
        "cloud.google.com/reservation-affinity": "specific",
    }
    (term,) = placement.node_terms
    assert [r.key for r in term] == [
        "cloud.google.com/gke-accelerator",
        "topology.kubernetes.io/zone",
        "cloud.google.com/gke-gpu-partition-size",
        "cloud.google.com/gke-gpu-sharing-strategy",
    ]
    assert placement.shared_memory == "64Gi"
    one = placed(None, None, zones=("a",), machine_type="m5.large")
    assert one.node_selector == {
        "node.kubernetes.io/instance-type": "m5.large",
        "topology.kubernetes.io/zone": "a",
    }
    assert placed("a100", machine_type="a2-ultragpu-1g").node_selector == {
        "cloud.google.com/gke-accelerator": "nvidia-a100-80gb",
        "node.kubernetes.io/instance-type": "a2-ultragpu-1g",
    }
    on_eks = placed("a100", "eks", machine_type="p4d.24xlarge")
    assert (on_eks.node_selector, on_eks.node_terms) == (
        {"node.kubernetes.io/instance-type": "p4d.24xlarge"},
        (),
    )
    assert "p4d.24xlarge" in refused("a100", "eks", machine_type="p4.24xlarge").hint
    assert refused(None, "aks", reservation="r").setting == "reservation"
    assert refused(None, "aks", machine_family="f").setting == "machine_family"


# --- how nodes of GKE are provisioned, and divided -----------------------------------------------


@pytest.mark.parametrize("platform", ["gke", "autopilot"])
def test_flex_start_and_compute_classes_are_selected_and_tolerated(platform: str) -> None:
    (flex, start) = ("cloud.google.com/gke-flex-start", placed("l4", platform, flex_start=True))
    assert start.node_selector[flex] == "true"
    assert {"nvidia.com/gpu", flex, "cloud.google.com/gke-queued"} <= {
        toleration.key for toleration in start.tolerations
    }
    key = "cloud.google.com/compute-class"
    for accelerator in ("l4", None):
        of_class = placed(accelerator, platform, compute_class="gpus")
        assert of_class.node_selector[key] == "gpus"
        taint = Toleration(key=key, value="gpus", effect="NoSchedule")
        assert taint in of_class.tolerations


@pytest.mark.parametrize(
    ("given", "setting"),
    [
        ({"spot": True, "flex_start": True}, "flex_start"),
        ({"spot": True, "compute_class": "c"}, "compute_class"),
        ({"flex_start": True, "compute_class": "c"}, "compute_class"),
    ],
)
def test_nodes_are_provisioned_in_one_way(given: dict[str, Any], setting: str) -> None:
    refusal = refused("l4", **given)
    assert (refusal.code, refusal.setting) == ("HR402", setting)


@pytest.mark.parametrize("given", [{"flex_start": True}, {"compute_class": "c"}])
def test_only_gke_has_flex_start_and_compute_classes(given: dict[str, Any]) -> None:
    (setting,) = given
    for platform, code in (("eks", "HR431"), ("nvidia", "HR431"), (None, "HR405")):
        refusal = refused(None, platform, **given)
        assert (refusal.code, refusal.setting) == (code, setting)


PARTITION = "cloud.google.com/gke-gpu-partition-size"
STRATEGY = "cloud.google.com/gke-gpu-sharing-strategy"


@pytest.mark.parametrize(
    ("accelerator", "platform", "kept_off"),
    [
        ("a100-80gb", "gke", {PARTITION, STRATEGY}),
        ("gpu", "gke", {PARTITION, STRATEGY}),
        ("a100-40gb/1g.5gb", "gke", {STRATEGY}),
        ("t4/time-slicing-2", "gke", {PARTITION}),
        ("rtx-pro-6000", "gke", {PARTITION, STRATEGY, "node.kubernetes.io/instance-type"}),
        ("tpu-v5e:2x4", "gke", set()),
        ("a100-80gb", "autopilot", set()),  # there a label is a request for nodes of its own
        ("a100-80gb", "nvidia", set()),
    ],
)
def test_a_whole_gpu_keeps_off_nodes_with_parts_of_one(
    accelerator: str, platform: str, kept_off: set[str]
) -> None:
    terms = placed(accelerator, platform).node_terms
    negative = ("DoesNotExist", "NotIn")
    assert {r.key for term in terms for r in term if r.operator in negative} == kept_off


def test_who_selects_a_machine_or_a_part_gets_it() -> None:
    machine = placed("rtx-pro-6000", machine_type="g4-standard-48")
    assert machine.node_selector["node.kubernetes.io/instance-type"] == "g4-standard-48"
    assert "node.kubernetes.io/instance-type" not in {r.key for t in machine.node_terms for r in t}
    own = placed("a100-40gb", node_selector={PARTITION: "1g.5gb"})
    assert {r.key for term in own.node_terms for r in term} == {STRATEGY}


def test_zones_hold_whichever_term_does() -> None:
    placement = placed("a100", "aks-nap", zones=("1", "2"))
    assert len(placement.node_terms) == 2
    assert all(t[-1].key == "topology.kubernetes.io/zone" for t in placement.node_terms)


def test_what_is_said_twice_is_refused() -> None:
    key = "cloud.google.com/gke-accelerator"
    assert refused("a100", node_selector={key: "nvidia-l4"}).setting == "node_selector"
    assert refused("l4", node_selector={key: "nvidia-t4"}).code == "HR402"
    assert placed("l4", node_selector={key: "nvidia-l4"}) == placed("l4")
    assert refused("l4:2", resources={"nvidia.com/gpu": "1"}).setting == "resources"


def test_a_step_for_a_cpu_sees_no_gpu() -> None:
    assert placed("cpu") == Placement(environment={"NVIDIA_VISIBLE_DEVICES": "void"})
    assert placed("cpu", env={"NVIDIA_VISIBLE_DEVICES": "all"}).environment == {
        "NVIDIA_VISIBLE_DEVICES": "all"
    }
    assert placed("cpu", None) == Placement()


def test_a_bare_cluster_has_resources_only() -> None:
    placement = placed("a100-80gb:2", "bare")
    assert placement.resources == {"nvidia.com/gpu": "2"}
    assert (placement.node_selector, placement.node_terms) == ({}, ())
    assert placed("mi300x", "bare").resources == {"amd.com/gpu": "1"}
    assert refused("tpu-v5e:2x4", "bare").code == "HR431"


def test_the_user_s_own_accelerators_come_first() -> None:
    own = OwnAccelerator(
        resource="example.com/gpu",
        counts=(1, 2),
        node_selector={"example.com/model": "a100"},
        node_affinity=(NodeRequirement(key="disk", operator="Exists"),),
        tolerations=(Toleration(key="gpu", operator="Exists"),),
        spot_node_selector={"spot": "yes"},
        runtime_class="nvidia",
        scheduler="volcano",
        env={"A": "b"},
    )
    settings = StepSettings(image="i", accelerator="A100:2", spot=True)
    for platform in (None, "gke", "custom"):
        pipeline = PipelineSettings(platform=platform, accelerators={"a100": own})
        assert place(settings, pipeline) == Placement(
            resources={"example.com/gpu": "2"},
            node_selector={"example.com/model": "a100", "spot": "yes"},
            node_terms=(own.node_affinity,),
            tolerations=own.tolerations,
            environment={"A": "b"},
            shared_memory="16Gi",
            runtime_class="nvidia",
            scheduler="volcano",
        )
    assert refused("l4", "custom").code == "HR431"


def test_what_is_uncertain_says_so() -> None:
    low = {
        (record["platform"], record["canonical_name"])
        for record in research.devices()
        if record["confidence"] == "low"
    }
    assert len(low) == 15
    for platform, name in low:
        accelerator = "gpu" if name == "any" else name
        settings = StepSettings(image="i", accelerator=accelerator)
        doubts = assembled(settings, PipelineSettings(platform=platform)).doubts
        assert doubts == (f"{name} on {platform}",)
    sure = assembled(StepSettings(image="i", accelerator="a100"), GKE)
    assert sure.doubts == ()
    gaudi = StepSettings(image="i", accelerator="gaudi2")
    assert assembled(gaudi, PipelineSettings(platform="gaudi")).doubts


# --- the listing ---------------------------------------------------------------------------------


def test_what_is_listed_can_be_asked_for() -> None:
    listed = list(listing.rows())
    assert len(listed) > 290
    for row in listed:
        accelerator = row.accelerator
        if row.hosts == 1 and ":" not in accelerator and row.counts:
            accelerator = f"{accelerator}:{max(row.counts)}"
        placement = placed(accelerator, row.platform)
        assert (placement.hosts, row.resource in placement.resources) == (row.hosts, True)
        for fraction in row.fractions:
            assert placed(f"{row.accelerator}/{fraction}", row.platform).resources


def test_the_names_of_devices_are_those_of_the_research() -> None:
    checks = {r["canonical_name"]: r["verify"] for r in research.RECORDS if r.get("verify")}
    wanted = {
        name: check["device_name_regex"]
        for name, check in checks.items()
        if "device_name_regex" in check
    }
    found = json.loads((FOLDER / "device_names.json").read_text(encoding="utf-8"))
    assert found == wanted


def test_a_placement_knows_what_its_devices_are_called() -> None:
    assert placed("a100-80gb").device_name == "A100.*80GB"
    assert placed("a100").device_name == "A100.*40GB|A100.*80GB"
    assert placed("a100-80gb/1g.10gb").device_name == "A100.*80GB"
    assert placed("tpu-v5e:2x4").device_name == ""
    assert placed(None, None).device_name == ""
