"""What is read in the pods of a run on Kubeflow Pipelines."""

from conformance.engines.kubeflow import broken_drivers
from fake_kubeflow import recorded
from headrace.targets.kubeflow.run_pods import Pod


def driver(name: str, phase: str, at: str) -> Pod:
    node = {"workflows.argoproj.io/node-name": name}
    container = {"name": "main", "command": ["driver"], "args": ["--type", "CONTAINER"]}
    return {
        "metadata": {"name": name, "creationTimestamp": at, "annotations": node},
        "spec": {"containers": [container]},
        "status": {"phase": phase},
    }


def test_a_step_that_fails_breaks_no_driver() -> None:
    assert list(broken_drivers(recorded("failing_step")["pods"])) == []


def test_a_driver_is_broken_when_its_last_attempt_failed() -> None:
    pods = [
        driver("wf(0).root(0).a-driver(1)", "Succeeded", "2026-11-27T19:00:02Z"),
        driver("wf(0).root(0).a-driver(0)", "Failed", "2026-11-27T19:00:01Z"),
        driver("wf(0).root(0).b-driver(0)", "Failed", "2026-11-27T19:00:01Z"),
        driver("wf(0).root(0).b-driver(1)", "Failed", "2026-11-27T19:00:02Z"),
    ]
    assert list(broken_drivers(pods)) == [pods[3]]
