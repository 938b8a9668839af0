"""Claims of accelerators before a real API server and a real scheduler.

The scheduler allocates devices from ResourceSlices that are written here, as the drivers would
publish them: what they call their devices is what was found out (`accelerator_records`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

import accelerator_records as research
import pods
from airflow_cases import call, const, pipeline
from cluster import clients, scheduling
from cluster.clients import STRICT
from cluster.node_kinds import ORDINARY, Kind, Node
from cluster.scheduling import Decision, Subject
from cluster.server import Document
from headrace.compiler.settings import PipelineSettings, StepSettings
from headrace.targets.argo import TARGET as ARGO

pytestmark = pytest.mark.cluster

GROUP, VERSION = "resource.k8s.io", "v1"
KIND_LABEL = "test.headrace.example/kind"
EACH = 2
"""Devices of each name on a node."""


@dataclass(frozen=True)
class Case:
    """A step that claims, and the kind of nodes that alone has what it claims."""

    name: str
    platform: str
    accelerator: str
    driver: str
    devices: tuple[dict[str, str], ...]
    count: int = 1
    labels: tuple[tuple[str, str], ...] = ()


def nvidia_cases() -> Iterator[Case]:
    for record in research.devices():
        if record["platform"] != "nvidia-gpu-operator":
            continue
        device = research.base(record) if record["kind"] == "mig" else record
        (product,) = device["node_affinity"]
        model, _, profile = record["canonical_name"].partition(":mig-")
        kind = {"type": "mig", "profile": profile} if profile else {"type": "gpu"}
        # A driver says a name as NVML does, with spaces: a label of a node cannot have them.
        named = [{**kind, "productName": name.replace("-", " ")} for name in product["values"]]
        asked = f"{model}/{profile}" if profile else f"{model}:{EACH}"
        yield Case(
            asked, record["platform"], asked, "gpu.nvidia.com", tuple(named), 1 if profile else EACH
        )


def amd_cases() -> Iterator[Case]:
    for record in research.devices():
        if record["platform"] == "amd-gpu-operator" and record.get("product_names"):
            named = tuple({"productName": name} for name in record["product_names"])
            name = record["canonical_name"]
            yield Case(name, record["platform"], name, "gpu.amd.com", named)


def tpu_cases() -> Iterator[Case]:
    for record in research.devices():
        is_asked = record["kind"] == "tpu" and record["hosts"] == 1
        if record["platform"] == "gke-standard" and is_asked and not research.ambiguous(record):
            accelerator, _ = research.asked(record)
            if accelerator.startswith(research.LEGACY_TPU):
                continue
            label = record["node_selector"]["cloud.google.com/gke-tpu-accelerator"]
            chips = tuple({"accelerator": label} for _ in range(record["chips_per_vm"]))
            labels = tuple(record["node_selector"].items())
            name = research.name(record)
            yield Case(
                name, record["platform"], accelerator, "tpu.google.com", chips, len(chips), labels
            )


CASES = [*nvidia_cases(), *amd_cases(), *tpu_cases()]
CLASSES = {
    # As the driver's chart has them: templates/deviceclass-gpu.yaml and -mig.yaml.
    "gpu.nvidia.com": "device.driver == 'gpu.nvidia.com' && "
    "device.attributes['gpu.nvidia.com'].type == 'gpu'",
    "mig.nvidia.com": "device.driver == 'gpu.nvidia.com' && "
    "device.attributes['gpu.nvidia.com'].type == 'mig'",
    "gpu.amd.com": "device.driver == 'gpu.amd.com'",
    "tpu.google.com": "device.driver == 'tpu.google.com'",
}


def compiled(platform: str, *accelerators: str) -> tuple[list[Document], list[Document]]:
    """Return the pods of steps that claim `accelerators`, and the templates beside the manifest."""
    steps = [
        call(
            f"s-{number}",
            "same",
            {"value": const("1")},
            settings=StepSettings(image="i:1", accelerator=asked, resource_claim=True),
        )
        for number, asked in enumerate(accelerators)
    ]
    made = pipeline(*steps, result=const("1"), settings=PipelineSettings(platform=platform))
    (file,) = (f for f in ARGO.emit(made) if f.name.endswith(".resourceclaimtemplate.yaml"))
    found = pods.pods(made, "argo")
    return [found[f"s-{n}"] for n in range(len(accelerators))], list(yaml.safe_load_all(file.text))


# --- a real API server ---------------------------------------------------------------------------

TEMPLATES = [t for case in CASES for t in compiled(case.platform, case.accelerator)[1]]


def test_a_real_api_server_takes_every_template(api: Any, namespace: str) -> None:
    for template in TEMPLATES:
        clients.dry_run(api, namespace, template)


def test_a_real_api_server_takes_every_pod(api: Any, namespace: str) -> None:
    for case in CASES:
        (pod,), _ = compiled(case.platform, case.accelerator)
        assert clients.refusal_of_pod(api, namespace, pod) is None, case.name


def a_wrong_expression(template: Document) -> None:
    exactly(template)["selectors"][0]["cel"]["expression"] = "device.attributes["


def an_expression_that_is_no_test(template: Document) -> None:
    exactly(template)["selectors"][0]["cel"]["expression"] = "device.driver"


def an_unknown_field(template: Document) -> None:
    exactly(template)["amount"] = 1


def a_count_of_all(template: Document) -> None:
    exactly(template)["allocationMode"] = "All"


def exactly(template: Document) -> Document:
    (request,) = template["spec"]["spec"]["devices"]["requests"]
    found: Document = request["exactly"]
    return found


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (a_wrong_expression, "compilation failed"),
        (an_expression_that_is_no_test, "must evaluate to bool"),
        (an_unknown_field, 'unknown field "spec.spec.devices.requests[0].exactly.amount"'),
        (a_count_of_all, "exactly.count"),
    ],
)
def test_a_real_api_server_refuses_a_wrong_template(
    damage: Any, said: str, api: Any, namespace: str
) -> None:
    from kubernetes.client import ApiException

    _, (template,) = compiled("nvidia-gpu-operator", "a100-80gb:2")
    damage(template)
    with pytest.raises(ApiException) as refusal:
        clients.dry_run(api, namespace, template)
    assert said in clients.message(refusal.value)


# --- a real scheduler ----------------------------------------------------------------------------


def kind_of(case: Case) -> Kind:
    labels = {KIND_LABEL: label_of(case), **dict(case.labels)}
    return Kind(f"{case.driver} {case.name}", (Node(labels, (), dict(ORDINARY)),))


def label_of(case: Case) -> str:
    return f"{case.driver}-{CASES.index(case)}"


def slice_of(case: Case, prefix: str) -> Document:
    """Return what the driver publishes of the node of `case`; no other test's nodes have it."""
    devices = [
        {
            "name": f"device-{number}",
            "attributes": {key: {"string": value} for key, value in device.items()},
        }
        for number, device in enumerate(
            device for device in case.devices for _ in range(1 if case.labels else EACH)
        )
    ]
    name = f"{prefix}-{CASES.index(case)}"
    labelled = {"key": KIND_LABEL, "operator": "In", "values": [label_of(case)]}
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "ResourceSlice",
        "metadata": {"name": name},
        "spec": {
            "driver": case.driver,
            "pool": {"name": name, "generation": 1, "resourceSliceCount": 1},
            "nodeSelector": {"nodeSelectorTerms": [{"matchExpressions": [labelled]}]},
            "devices": devices,
        },
    }


def class_of(name: str) -> Document:
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "DeviceClass",
        "metadata": {"name": name},
        "spec": {"selectors": [{"cel": {"expression": CLASSES[name]}}]},
    }


@dataclass(frozen=True)
class Observed:
    """What the scheduler decides, by the name of a case: all there, then without its nodes."""

    there: dict[str, Decision]
    missing: dict[str, Decision]


@pytest.fixture(scope="module")
def observed(api: Any, namespace: str) -> Iterator[Observed]:
    from kubernetes.client import CustomObjectsApi

    objects = CustomObjectsApi(api)
    slices = [slice_of(case, namespace) for case in CASES]
    templates = {t["metadata"]["name"]: t for t in TEMPLATES}
    try:
        for plural, made in (("deviceclasses", map(class_of, CLASSES)), ("resourceslices", slices)):
            for each in made:
                objects.create_cluster_custom_object(GROUP, VERSION, plural, each, **STRICT)
        for each in templates.values():
            objects.create_namespaced_custom_object(
                GROUP, VERSION, namespace, "resourceclaimtemplates", each, **STRICT
            )
        with scheduling.field(api, namespace) as field:
            field.add((case.driver, kind_of(case)) for case in CASES)
            subjects = {case.name: subject_of(case) for case in CASES}
            there = field.decisions(subjects)
            yield Observed(there, field.decisions(subjects, out_of_reach=True))
    finally:
        for plural, names in (
            ("deviceclasses", list(CLASSES)),
            ("resourceslices", [each["metadata"]["name"] for each in slices]),
        ):
            for name in names:
                objects.delete_cluster_custom_object(GROUP, VERSION, plural, name)


def subject_of(case: Case) -> Subject:
    (pod,), _ = compiled(case.platform, case.accelerator)
    return Subject(case.driver, kind_of(case).name, pod)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_scheduler_gives_what_is_claimed_and_nothing_else(
    case: Case, observed: Observed
) -> None:
    there, missing = observed.there[case.name], observed.missing[case.name]
    assert there.kind == kind_of(case).name, there.reason
    assert len(set(there.devices)) == case.count
    assert missing.kind is None
    # Where the platform has labels of its own, those come before the claim.
    said = "didn't match Pod's node affinity" if case.labels else "cannot allocate all claims"
    assert said in missing.reason, missing.reason


def test_enough_is_claimed() -> None:
    drivers = {case.driver: sum(other.driver == case.driver for other in CASES) for case in CASES}
    assert drivers == {"gpu.nvidia.com": 85, "gpu.amd.com": 8, "tpu.google.com": 9}
