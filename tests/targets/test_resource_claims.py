"""Accelerators that are claimed of a driver: the template of the claim, and the pod that names it.

What drivers call their devices is expected as it was found out (`accelerator_records`).
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

import accelerator_records as research
import pods
from airflow_cases import call, const, pipeline
from headrace.compiler import driver, ir
from headrace.compiler.settings import OwnAccelerator, PipelineSettings, StepSettings
from headrace.targets.accelerators import Claim, place
from headrace.targets.accelerators.assembly import assembled
from headrace.targets.accelerators.refusal import Unplaceable
from headrace.targets.argo import TARGET as ARGO
from headrace.targets.resource_claims import claim_files

DRIVERS = {r["canonical_name"]: r for r in research.RECORDS if r["kind"] == "dra"}
NVIDIA = "device.attributes['gpu.nvidia.com']"


def claimed(accelerator: str, platform: str = "nvidia", **given: Any) -> Claim:
    settings = StepSettings(image="i", accelerator=accelerator, resource_claim=True, **given)
    claim = place(settings, PipelineSettings(platform=platform)).claim
    assert claim is not None
    return claim


def refused(accelerator: str, platform: str = "nvidia", **given: Any) -> Unplaceable:
    with pytest.raises(Unplaceable) as refusal:
        claimed(accelerator, platform, **given)
    assert refusal.value.setting == "resource_claim"
    return refusal.value


def compiled(platform: str, *accelerators: str, **given: Any) -> ir.Pipeline:
    steps = [
        call(
            f"s-{number}",
            "same",
            {"value": const("1")},
            settings=StepSettings(
                image="i:1", accelerator=accelerator, resource_claim=True, **given
            ),
        )
        for number, accelerator in enumerate(accelerators)
    ]
    settings = PipelineSettings(platform=platform)
    return pipeline(*steps, result=const("1"), settings=settings)


# --- what is claimed -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accelerator", "platform", "device_class", "selectors", "count"),
    [
        ("a100-80gb:2", "nvidia", "gpu.nvidia.com", ["productName.matches('A100.*80GB')"], 2),
        ("a100", "gke", "gpu.nvidia.com", ["productName.matches('A100.*40GB|A100.*80GB')"], 1),
        ("l4", "bare", "gpu.nvidia.com", ["productName.matches('(^|[ -])L4$')"], 1),
        ("gpu:4", "openshift", "gpu.nvidia.com", [], 4),
        (
            "a100-80gb/1g.10gb",
            "nvidia",
            "mig.nvidia.com",
            ["productName.matches('A100.*80GB')", "profile == '1g.10gb'"],
            1,
        ),
        (
            "a100/1g.5gb",
            "gke",
            "mig.nvidia.com",
            ["productName.matches('A100.*40GB')", "profile == '1g.5gb'"],
            1,
        ),
    ],
)
def test_nvidia_s_devices_are_told_by_their_attributes(
    accelerator: str, platform: str, device_class: str, selectors: list[str], count: int
) -> None:
    claim = claimed(accelerator, platform)
    assert (claim.device_class, claim.count, claim.takes_all) == (device_class, count, False)
    assert list(claim.selectors) == [f"{NVIDIA}.{selector}" for selector in selectors]
    facts = DRIVERS["dra-nvidia"]["dra"]
    assert claim.device_class in facts["device_classes"]
    assert f"device.attributes['{facts['driver']}']" == NVIDIA
    for selector in selectors:
        assert selector.partition(".")[0].partition(" ")[0] in facts["attributes"]


def test_all_chips_of_a_tpu_host_are_claimed() -> None:
    facts = DRIVERS["dra-tpu"]["dra"]
    settings = StepSettings(image="i", accelerator="tpu-v6e:2x4", resource_claim=True)
    placement = place(settings, PipelineSettings(platform="gke"))
    claim = placement.claim
    assert claim is not None
    (request,) = claim.spec()["devices"]["requests"]
    exactly = request["exactly"]
    assert exactly["deviceClassName"] == facts["device_classes"][0]
    assert exactly["allocationMode"] == facts["allocationMode"] == "All"
    assert "count" not in exactly
    assert claim.selectors == (
        "device.attributes['tpu.google.com'].accelerator in ['tpu-v6e-slice']",
    )
    assert placement.node_selector["cloud.google.com/gke-tpu-topology"] == "2x4"
    assert placement.resources == {}


@pytest.mark.parametrize(
    ("accelerator", "platform", "record", "selectors"),
    [
        ("trn2:16", "karpenter", "dra-neuron", ()),
        (
            "mi300x",
            "amd",
            "dra-amd",
            (
                "device.attributes['gpu.amd.com'].productName in "
                "['AMD_Instinct_MI300X', 'AMD_Instinct_MI300X_OAM']",
            ),
        ),
    ],
)
def test_other_drivers_have_classes_of_their_own(
    accelerator: str, platform: str, record: str, selectors: tuple[str, ...]
) -> None:
    claim = claimed(accelerator, platform)
    assert claim.device_class == DRIVERS[record]["dra"]["device_classes"][0]
    assert claim.selectors == selectors


def test_an_attribute_that_no_source_lists_is_a_doubt() -> None:
    settings = StepSettings(image="i", accelerator="mi300x", resource_claim=True)
    (doubt,) = assembled(settings, PipelineSettings(platform="amd")).doubts
    assert doubt == "the attribute productName of the driver gpu.amd.com"
    for accelerator, platform in (("mi300x", "oke"), ("a100-80gb/1g.10gb", "nvidia")):
        known = settings.replace(accelerator=accelerator)
        assert not assembled(known, PipelineSettings(platform=platform)).doubts
    assert not assembled(
        settings.replace(resource_claim=False), PipelineSettings(platform="amd")
    ).doubts


def test_labels_that_the_platform_itself_puts_stay_and_discovered_ones_go() -> None:
    """An autoscaler knows its own labels; a node with a driver may have none of the discovery."""
    settings = StepSettings(image="i", accelerator="a100-80gb", resource_claim=True)
    discovered = place(settings, PipelineSettings(platform="nvidia"))
    assert (discovered.node_selector, discovered.node_terms) == ({}, ())
    gke = place(settings, PipelineSettings(platform="gke"))
    assert gke.node_selector == {"cloud.google.com/gke-accelerator": "nvidia-a100-80gb"}
    for placement in (discovered, gke):
        assert [toleration.key for toleration in placement.tolerations] == ["nvidia.com/gpu"]
        assert placement.resources == {}
        assert placement.shared_memory == "16Gi"
        assert placement.device_name == "A100.*80GB"


def test_a_step_without_an_accelerator_claims_nothing() -> None:
    for accelerator in (None, "cpu"):
        settings = StepSettings(image="i", accelerator=accelerator, resource_claim=True)
        assert place(settings, PipelineSettings(platform="nvidia")).claim is None


@pytest.mark.parametrize(
    ("accelerator", "platform", "said"),
    [
        ("intel-max-1550", "intel", "no driver is known"),
        ("gaudi", "gaudi", "no driver is known"),
        ("mi250x", "amd", "calls 'mi250x' is not known"),
        ("t4/time-slicing", "gke", "needs parameters of its driver"),
        ("mi300x/cpx_nps1", "amd", "needs parameters of its driver"),
    ],
)
def test_what_no_claim_can_say_is_refused(accelerator: str, platform: str, said: str) -> None:
    assert said in refused(accelerator, platform).message


def test_a_pod_with_claims_of_its_own_is_refused() -> None:
    own = {"containers": [{"name": "main", "resources": {"claims": [{"name": "nic"}]}}]}
    assert "`pod` has claims" in refused("l4", pod=own).message
    other = {"resourceClaims": [{"name": "accelerator", "resourceClaimName": "mine"}]}
    assert "`pod` has claims" in refused("l4", pod=other).message


# --- accelerators of the configuration -----------------------------------------------------------


def test_an_accelerator_of_the_configuration_names_its_class() -> None:
    both = OwnAccelerator(
        resource="example.com/gpu",
        device_class="gpu.example.com",
        device_selectors=("device.attributes['gpu.example.com'].model == 'r1'",),
        node_selector={"nvidia.com/pool": "render"},
    )
    only = OwnAccelerator(device_class="gpu.example.com")
    pipeline = PipelineSettings(platform="nvidia", accelerators={"render": both, "only": only})
    settings = StepSettings(image="i", accelerator="render:2")
    assert place(settings, pipeline).resources == {"example.com/gpu": "2"}
    assert place(settings, pipeline).claim is None
    placement = place(settings.replace(resource_claim=True), pipeline)
    assert placement.claim is not None
    assert placement.claim.selectors == both.device_selectors
    assert placement.node_selector == both.node_selector
    claim = place(settings.replace(accelerator="only"), pipeline).claim
    assert claim is not None, "there is no resource that it could ask for"
    assert claim.device_class == "gpu.example.com"


def test_an_accelerator_of_the_configuration_without_a_class_is_refused() -> None:
    pipeline = PipelineSettings(accelerators={"render": OwnAccelerator(resource="a/b")})
    settings = StepSettings(image="i", accelerator="render", resource_claim=True)
    with pytest.raises(Unplaceable) as refusal:
        place(settings, pipeline)
    assert "[accelerators.render]" in refusal.value.hint


# --- the manifests -------------------------------------------------------------------------------


def test_both_targets_make_the_same_pod() -> None:
    made = compiled("gke", "a100-80gb:2", "tpu-v6e:2x4", memory="8Gi", spot=True)
    argo, airflow = (pods.pods(made, target) for target in ("argo", "airflow"))
    assert argo == airflow
    for pod in argo.values():
        assert pods.problems(pod) == []
        (claim,) = pod["resourceClaims"]
        (main,) = pod["containers"]
        assert main["resources"]["claims"] == [{"name": claim["name"]}]
        assert main["resources"]["limits"] == {"memory": "8Gi"}


def test_the_shim_is_told_of_the_devices_as_if_they_were_a_resource() -> None:
    made = pods.pods(compiled("nvidia", "a100-80gb:2"), "argo")["s-0"]
    variables = {v["name"]: v["value"] for v in made["containers"][0]["env"]}
    assert variables["HEADRACE_DEVICES"] == "nvidia.com/gpu:2"
    assert variables["HEADRACE_ACCELERATOR"] == "a100-80gb:2"


def test_a_template_stands_once_however_it_is_spelled() -> None:
    made = compiled("nvidia", "a100-80gb:2", "NVIDIA-A100_80GB:2", "l4", "l4:2")
    (file,) = claim_files(made, made.name)
    assert file.name == f"{made.name}.resourceclaimtemplate.yaml"
    documents = list(yaml.safe_load_all(file.text))
    names = [document["metadata"]["name"] for document in documents]
    assert [name.rpartition("-")[0] for name in names] == ["a100-80gb-2", "l4-1", "l4-2"]
    asked = [
        pod["resourceClaims"][0]["resourceClaimTemplateName"]
        for pod in pods.pods(made, "argo").values()
    ]
    assert asked == [names[0], *names]
    (again,) = (f for f in ARGO.emit(made) if f.name == file.name)
    assert again == file
    assert file.name in ARGO.file_names(made)


def test_a_name_holds_a_digest_of_what_is_claimed() -> None:
    """A ResourceClaimTemplate cannot be changed: another content needs another name."""
    one = OwnAccelerator(device_class="a.example.com")
    settings = StepSettings(image="i", accelerator="x")
    names = set()
    for own in (
        one,
        one.replace(device_class="b.example.com"),
        one.replace(device_selectors=("true",)),
    ):
        claim = place(settings, PipelineSettings(accelerators={"x": own})).claim
        assert claim is not None
        names.add(claim.name)
    assert len(names) == 3


MODULE = "def train() -> int:\n    return 1\n\n\ndef pipeline():\n    return train()\n"


def compile_with(folder: Path, toml: str) -> driver.Compilation:
    (folder / "headrace.toml").write_text(f'image = "i:1"\nplatform = "nvidia"\n{toml}')
    (folder / "flow.py").write_text(MODULE)
    return driver.compile_source(folder / "flow.py")


def test_kubeflow_has_no_place_for_a_claim_and_says_so(tmp_path: Path) -> None:
    compilation = compile_with(
        tmp_path, '[steps.train]\naccelerator = "l4"\nresource_claim = true\n'
    )
    assert driver.emit(compilation, ["argo", "airflow"])
    assert driver.emit(compilation, ["kubeflow"]) == {}
    (finding,) = compilation.diagnostics
    assert finding.code == "HR501"
    assert "resource claim" in finding.message


@pytest.mark.parametrize(
    ("toml", "line", "code"),
    [
        ('[steps.train]\naccelerator = "l4/mps"\nresource_claim = true', 5, "HR431"),
        ("[accelerators.x]\nmemory_gib = 4", 3, "HR402"),
        ('[steps.train]\nresource_claim = "yes"', 4, "HR402"),
    ],
)
def test_a_mistake_stands_where_it_is_made(toml: str, line: int, code: str, tmp_path: Path) -> None:
    compilation = compile_with(tmp_path, toml)
    driver.emit(compilation, ["argo"])
    (finding,) = compilation.diagnostics
    assert finding.span is not None
    assert (finding.code, finding.span.path, finding.span.line) == (code, "headrace.toml", line)
