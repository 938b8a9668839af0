"""A real Kueue: what has the queue that headrace writes waits until there is room."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster import clients, jobsets, step_pods
from cluster.images import STEP
from cluster.running import Access
from cluster.server import Document, Server
from headrace.compiler import driver

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("kueue_cluster")]

ROOM = 2
"""Processors that the queue has."""

LABEL = "kueue.x-k8s.io/queue-name"
ADMISSION = "kueue.x-k8s.io/admission"

MODULE = """\
def train(): ...


def pipeline():
    train()
"""
SETTINGS = f"""\
image = "{STEP}"

[steps.train]
queue = "team"
cpu = "{ROOM}"
"""

UNTIL_TOLD = "import os, time\nwhile not os.path.exists('/told/go'): time.sleep(0.1)"


@pytest.fixture(scope="module")
def queue(kueue_cluster: Access, namespace: str) -> Iterator[str]:
    """Return the namespace with the queue `team`."""
    server = Server.of(kueue_cluster.kubeconfig)
    group = "kueue.x-k8s.io/v1beta2"
    quota = {"name": "cpu", "nominalQuota": str(ROOM)}
    groups = [
        {
            "coveredResources": ["cpu"],
            "flavors": [{"name": namespace, "resources": [quota]}],
        }
    ]
    made: list[Document] = [
        {"kind": "ResourceFlavor", "metadata": {"name": namespace}},
        {
            "kind": "ClusterQueue",
            "metadata": {"name": namespace},
            "spec": {"namespaceSelector": {}, "resourceGroups": groups},
        },
        {
            "kind": "LocalQueue",
            "metadata": {"name": "team", "namespace": namespace},
            "spec": {"clusterQueue": namespace},
        },
    ]
    for document in made:
        server.apply({"apiVersion": group, **document})
    yield namespace
    for document in reversed(made):
        server.delete({"apiVersion": group, **document})


def template(folder: Path) -> Document:
    """Return the template of the step that headrace's Argo manifest has."""
    (folder / "headrace.toml").write_text(SETTINGS)
    (folder / "training.py").write_text(MODULE)
    files = driver.emit(driver.compile_source(folder / "training.py"), ["argo"])["argo"]
    templates = yaml.safe_load(files[0].text)["spec"]["templates"]
    (found,) = (each for each in templates if "container" in each)
    return dict(found)


def create_pod(api: Any, namespace: str, name: str, made: Document, told: Path) -> None:
    """Start a pod as Argo makes it of the template `made`; it ends when it is `told` to."""
    from kubernetes.client import CoreV1Api

    container = {
        "name": "main",
        "image": STEP,
        "imagePullPolicy": "Never",
        "resources": made["container"]["resources"],
        "command": ["python3", "-c", UNTIL_TOLD],
        "volumeMounts": [{"name": "told", "mountPath": "/told"}],
    }
    body = {
        "metadata": {"name": name, **made["metadata"]},
        "spec": {
            "restartPolicy": "Never",
            "containers": [container],
            "volumes": [{"name": "told", "hostPath": {"path": str(told)}}],
        },
    }
    CoreV1Api(api).create_namespaced_pod(namespace, body, field_validation="Strict")


def jobset_in_queue(name: str, told: Path) -> Document:
    """Return a JobSet that needs all the room, and ends when it is `told` to."""
    document = jobsets.jobset(
        name,
        UNTIL_TOLD,
        resources={"requests": {"cpu": str(ROOM // 2)}},
        volumeMounts=[{"name": "told", "mountPath": "/told"}],
    )
    document["metadata"]["labels"] = {LABEL: "team"}
    pod = document["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]["spec"]
    pod["volumes"] = [{"name": "told", "hostPath": {"path": str(told)}}]
    return document


def is_suspended(api: Any, namespace: str, name: str) -> bool:
    return jobsets.read(api, namespace, name)["spec"].get("suspend") is True


def is_refused_room(api: Any, namespace: str, owner: str) -> bool:
    """Whether Kueue has looked at the workload of `owner`, and found no room for it."""
    from kubernetes.client import CustomObjectsApi

    workloads = CustomObjectsApi(api).list_namespaced_custom_object(
        "kueue.x-k8s.io", "v1beta2", namespace, "workloads"
    )
    return any(
        condition["type"] == "QuotaReserved" and "insufficient unused quota" in condition["message"]
        for workload in workloads["items"]
        if any(each["name"] == owner for each in workload["metadata"]["ownerReferences"])
        for condition in workload.get("status", {}).get("conditions", ())
    )


def test_a_pod_waits_for_room_in_its_queue(api: Any, queue: str, tmp_path: Path) -> None:
    from kubernetes.client import CoreV1Api

    made = template(tmp_path)
    assert made["metadata"]["labels"] == {LABEL: "team"}
    create_pod(api, queue, "first", made, tmp_path)
    step_pods.until(api, queue, "first", step_pods.running)
    create_pod(api, queue, "second", made, tmp_path)
    clients.wait("the second is refused room", lambda: is_refused_room(api, queue, "second"))
    waiting = CoreV1Api(api).read_namespaced_pod("second", queue)
    assert ADMISSION in [gate.name for gate in waiting.spec.scheduling_gates]
    (tmp_path / "go").touch()
    first = step_pods.until(api, queue, "first", step_pods.terminated)
    second = step_pods.until(api, queue, "second", step_pods.terminated)
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert second.started_at >= first.finished_at


def test_a_jobset_waits_until_there_is_room_for_all_its_pods(
    api: Any, queue: str, tmp_path: Path
) -> None:
    jobsets.create(api, queue, jobset_in_queue("first", tmp_path))
    clients.wait("the first runs", lambda: not is_suspended(api, queue, "first"))
    jobsets.create(api, queue, jobset_in_queue("second", tmp_path))
    clients.wait("the second is refused room", lambda: is_refused_room(api, queue, "second"))
    assert is_suspended(api, queue, "second")
    (tmp_path / "go").touch()
    for name in ("first", "second"):
        assert jobsets.ended(api, queue, name)["terminalState"] == "Completed"
