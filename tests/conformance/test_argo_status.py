"""What is read in the status of a Workflow."""

import base64
import gzip
import json
from typing import Any

import pytest

from conformance.engines import argo_status
from conformance.engines.argo_api import version_of
from conformance.suite import Outcome
from headrace.runtime.codecs import Artifacts
from headrace.runtime.store import open_store

ROOT = {
    "type": "DAG",
    "displayName": "w",
    "phase": "Succeeded",
    "outputs": {"parameters": [{"name": "out", "value": "=1"}, {"name": "result", "value": "=2"}]},
}
POD = {"type": "Pod", "displayName": "add", "phase": "Succeeded"}


def failed_pod(message: str, finished: str = "2026-01-01T00:00:01Z") -> dict[str, Any]:
    return {**POD, "phase": "Failed", "message": message, "finishedAt": finished}


def workflow(phase: str, message: str = "", **nodes: object) -> dict[str, Any]:
    status = {"phase": phase, "message": message, "nodes": {"w": ROOT, **nodes}}
    return {"metadata": {"name": "w"}, "status": status}


def outcome(of: dict[str, Any], tmp_path: Any) -> Outcome:
    return argo_status.found(of, Artifacts(open_store(tmp_path.as_uri()), lambda: "")).outcome


def test_the_result_is_that_of_the_entrypoint(tmp_path: Any) -> None:
    of = workflow("Succeeded", a=POD, b=POD)
    found = argo_status.found(of, Artifacts(open_store(tmp_path.as_uri()), lambda: ""))
    assert (found.outcome, found.pods) == (Outcome("succeeded", 2, ""), 2)


def test_compressed_nodes_are_read(tmp_path: Any) -> None:
    of = workflow("Succeeded")
    nodes = json.dumps(of["status"].pop("nodes")).encode()
    of["status"]["compressedNodes"] = base64.b64encode(gzip.compress(nodes)).decode()
    assert outcome(of, tmp_path) == Outcome("succeeded", 2, "")


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("main: Error (exit code 1): ValueError: (exit code 2): b", "ValueError: (exit code 2): b"),
        ("main: Error (exit code 1): ValueError: a\nb", "ValueError: a\nb"),
        ("main: Error (exit code 1)", ""),
        ("pod deleted", "pod deleted"),
    ],
)
def test_a_failed_run_tells_the_last_words_of_its_pods(
    message: str, error: str, tmp_path: Any
) -> None:
    of = workflow("Failed", a=failed_pod(message), b=POD)
    assert outcome(of, tmp_path) == Outcome("failed", None, error)


def test_pods_speak_in_the_order_in_which_they_ended(tmp_path: Any) -> None:
    first = failed_pod("main: Error (exit code 1): A: 1", "2026-01-01T00:00:01Z")
    second = failed_pod("main: Error (exit code 1): B: 2", "2026-01-01T00:00:02Z")
    of = workflow("Failed", b=second, a=first)
    assert outcome(of, tmp_path) == Outcome("failed", None, "A: 1\nB: 2")


@pytest.mark.parametrize("phase", ["Error", "Running"])
def test_a_run_in_neither_state_tells_all(phase: str, tmp_path: Any) -> None:
    node = {**POD, "phase": "Error", "message": "no such output"}
    found = outcome(workflow(phase, "it is so", a=node), tmp_path)
    assert found == Outcome("neither", None, f"{phase}: it is so\nadd: Error: no such output")


def test_success_without_a_result_is_neither(tmp_path: Any) -> None:
    of = workflow("Succeeded", w={**ROOT, "outputs": {}})
    assert outcome(of, tmp_path).state == "neither"


@pytest.mark.parametrize("image", ["quay.io/argoproj/argoexec:v4.1.2", "a:5000/x:v4.1.2@sha256:0"])
def test_the_tag_of_the_executor_is_the_version(image: str) -> None:
    assert version_of(["busybox:1", image]) == "4.1.2"


def test_an_executor_without_a_version_is_told() -> None:
    with pytest.raises(RuntimeError, match="x:latest"):
        version_of(["x:latest"])
