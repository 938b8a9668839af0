"""Every record of what was found out, on every target: the pod that the engine would make."""

from pathlib import Path
from typing import Any

import pytest

import accelerator_records as research
import airflow_local
import pods
from airflow_cases import STEPS, call, const, pipeline
from headrace.compiler.settings import PipelineSettings, StepSettings
from headrace.targets.accelerators import place_on_hosts
from headrace.targets.airflow import TARGET as AIRFLOW

PLATFORMS = sorted({record["platform"] for record in research.devices()})


def settings(record: research.Record) -> StepSettings:
    accelerator, machine_type = research.asked(record)
    return StepSettings(image="i:1", accelerator=accelerator, machine_type=machine_type)


def parts(pod: pods.Pod) -> dict[str, Any]:
    """Return the parts of `pod` that a record speaks of."""
    affinity = pod.get("affinity", {}).get("nodeAffinity", {})
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution", {})
    terms = required.get("nodeSelectorTerms", [{"matchExpressions": []}])
    assert len(terms) == 1
    return {
        "nodeSelector": pod.get("nodeSelector", {}),
        "affinity": terms[0]["matchExpressions"],
        "tolerations": pod.get("tolerations", []),
        "resources": pod["containers"][0]["resources"]["limits"],
    }


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_record_gives_the_same_pod_on_every_target(platform: str) -> None:
    records = [record for record in research.devices() if record["platform"] == platform]
    steps = [
        call(f"s-{number}", "same", {"value": const("1")}, settings=settings(record))
        for number, record in enumerate(records)
    ]
    compiled = pipeline(*steps, result=const("1"), settings=PipelineSettings(platform=platform))
    made = pods.pods_of_all(compiled)
    for number, record in enumerate(records):
        found = {target: each[f"s-{number}"] for target, each in made.items()}
        assert found["argo"] == found["kubeflow"] == found["airflow"], research.name(record)
        pod = found["argo"]
        assert parts(pod) == research.expected_pod(record), research.name(record)
        assert pods.problems(pod) == [], research.name(record)
        assert pod["volumes"] == [
            {"name": "dshm", "emptyDir": {"medium": "Memory", "sizeLimit": "16Gi"}}
        ]
        assert pod["containers"][0]["volumeMounts"] == [{"name": "dshm", "mountPath": "/dev/shm"}]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_resolver_says_how_many_hosts_a_record_takes(platform: str) -> None:
    for record in research.devices():
        if record["platform"] == platform:
            placement = place_on_hosts(settings(record), PipelineSettings(platform=platform))
            assert placement.hosts == record.get("hosts", 1), research.name(record)


@pytest.mark.airflow
def test_the_operator_itself_makes_that_pod(tmp_path: Path) -> None:
    """The pods that Airflow's own operator asks for, for one record of each kind."""
    records = {(r["platform"], r["kind"]): r for r in research.devices() if r.get("hosts", 1) == 1}
    for platform in ("aks-nap", "eks-auto", "gke-standard", "nvidia-gpu-operator"):
        chosen = [record for (of, _), record in records.items() if of == platform]
        steps = [
            call(f"s-{number}", "same", {"value": const("1")}, settings=settings(record))
            for number, record in enumerate(chosen)
        ]
        classy = StepSettings(image="i:1", accelerator="gpu", runtime_class="nvidia")
        steps.append(call("classy", "same", {"value": const("1")}, settings=classy))
        claim = StepSettings(image="i:1", accelerator="gpu:2", memory="1Gi", resource_claim=True)
        steps.append(call("claim", "same", {"value": const("1")}, settings=claim))
        compiled = pipeline(
            *steps,
            result=const("1"),
            settings=PipelineSettings(platform=platform),
            name=f"flow-{platform}",
        )
        (tmp_path / "flow.py").write_text(STEPS)
        file, _ = AIRFLOW.emit(compiled)
        (tmp_path / file.name).write_text(file.text)
        outcome = airflow_local.run(tmp_path / file.name, {}, tmp_path)
        made = pods.pods(compiled, "airflow")
        ran = {pod["task"]: pod["specification"] for pod in outcome.pods}
        assert ran.keys() == made.keys()
        assert made["claim"]["resourceClaims"]
        for step, specification in ran.items():
            asked = pods.placement(specification, specification["containers"][0])
            assert asked == made[step]
            assert pods.problems(specification) == []


def test_every_device_is_among_them() -> None:
    assert len(list(research.devices())) == 368
    assert len({research.name(record) for record in research.devices()}) == 368
    kinds = {record["kind"] for record in research.RECORDS} - {*research.DEVICES, "mig"}
    # These have tests of their own in test_accelerators.py.
    assert kinds == {"alias", "cpu", "dra", "gpu_sharing", "network", "policy", "tpu_rule"}
