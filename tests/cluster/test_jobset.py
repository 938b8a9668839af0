"""A real JobSet controller: pods that reach each other by name, failures, and what it refuses."""

import time
from typing import Any

import pytest

from cluster import clients
from cluster.clients import Document
from cluster.images import STEP
from cluster.running import Access

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("jobset_cluster")]

SECONDS = 120

MEET = """\
import os, socket, time

index = os.environ["JOB_COMPLETION_INDEX"]
if index == "0":
    with socket.create_server(("", 29500)) as server:
        connection, _ = server.accept()
        print(connection.recv(100).decode(), flush=True)
        connection.sendall(b"welcome")
else:
    deadline = time.monotonic() + 60
    while True:  # a name is known soon after its pod has an address
        try:
            connection = socket.create_connection(("meet-workers-0-0.meet", 29500))
            break
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    connection.sendall(socket.gethostname().encode())
    print(connection.recv(100).decode(), flush=True)
"""

ONE_FAILS = """\
import os, sys, time

if os.environ["JOB_COMPLETION_INDEX"] == "1":
    sys.exit(3)
time.sleep(3600)
"""


def jobset(name: str, program: str) -> Document:
    """Return a JobSet of two pods that both run `program`."""
    container = {
        "name": "main",
        "image": STEP,
        "imagePullPolicy": "Never",
        "command": ["python3", "-c", program],
    }
    pod = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
        "containers": [container],
    }
    job = {"parallelism": 2, "completions": 2, "backoffLimit": 0, "template": {"spec": pod}}
    return {
        "apiVersion": "jobset.x-k8s.io/v1alpha2",
        "kind": "JobSet",
        "metadata": {"name": name},
        "spec": {
            "failurePolicy": {"maxRestarts": 0},
            "replicatedJobs": [{"name": "workers", "template": {"spec": job}}],
        },
    }


def create(api: Any, namespace: str, document: Document) -> None:
    from kubernetes.client import CustomObjectsApi

    group, version = document["apiVersion"].split("/")
    CustomObjectsApi(api).create_namespaced_custom_object(
        group, version, namespace, "jobsets", document, field_validation="Strict"
    )


def ended(api: Any, namespace: str, name: str) -> Document:
    """Wait until the JobSet `name` has ended; return its status."""
    from kubernetes.client import CustomObjectsApi

    deadline = time.monotonic() + SECONDS
    while True:
        found = CustomObjectsApi(api).get_namespaced_custom_object(
            "jobset.x-k8s.io", "v1alpha2", namespace, "jobsets", name
        )
        status: Document = found.get("status", {})
        if "terminalState" in status:
            return status
        assert time.monotonic() < deadline, status
        time.sleep(0.2)


def test_pods_of_a_jobset_reach_each_other_by_name(api: Any, namespace: str) -> None:
    from kubernetes.client import CoreV1Api

    create(api, namespace, jobset("meet", MEET))
    assert ended(api, namespace, "meet")["terminalState"] == "Completed"
    core = CoreV1Api(api)
    selector = "jobset.sigs.k8s.io/jobset-name=meet"
    pods = core.list_namespaced_pod(namespace, label_selector=selector).items
    logs = {
        pod.spec.hostname: core.read_namespaced_pod_log(pod.metadata.name, namespace)
        for pod in pods
    }
    assert logs == {"meet-workers-0-0": "meet-workers-0-1\n", "meet-workers-0-1": "welcome\n"}


def test_a_pod_that_fails_ends_its_jobset(api: Any, namespace: str) -> None:
    create(api, namespace, jobset("fails", ONE_FAILS))
    status = ended(api, namespace, "fails")
    assert status["terminalState"] == "Failed"
    (condition,) = status["conditions"]
    assert condition["reason"] == "ReachedMaxRestarts"
    assert "first failed job: fails-workers-0" in condition["message"]


def test_a_name_that_leaves_no_room_for_its_pods_is_refused(api: Any, namespace: str) -> None:
    from kubernetes.client import ApiException

    room = 63 - len("-workers-0-1-abcde")
    with pytest.raises(ApiException) as refusal:
        create(api, namespace, jobset("a" * (room + 1), "pass"))
    assert "pod names generated for this JobSet will exceed 63" in clients.message(refusal.value)
    create(api, namespace, jobset("a" * room, "pass"))
    assert ended(api, namespace, "a" * room)["terminalState"] == "Completed"


def test_the_controller_runs_once(jobset_cluster: Access) -> None:
    from cluster import controllers, programs

    before = programs.recorded(jobset_cluster.folder)
    controllers.start(jobset_cluster, controllers.JOBSET)
    assert programs.recorded(jobset_cluster.folder) == before
