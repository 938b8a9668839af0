"""A real JobSet controller: pods that reach each other by name, failures, and what it refuses."""

from typing import Any

import pytest

from cluster import clients, step_pods
from cluster.jobsets import create, ended, jobset
from cluster.running import Access

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("jobset_cluster")]

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


def test_pods_of_a_jobset_reach_each_other_by_name(api: Any, namespace: str) -> None:
    from kubernetes.client import CoreV1Api

    create(api, namespace, jobset("meet", MEET))
    assert ended(api, namespace, "meet")["terminalState"] == "Completed"
    selector = "jobset.sigs.k8s.io/jobset-name=meet"
    pods = CoreV1Api(api).list_namespaced_pod(namespace, label_selector=selector).items
    logs = {pod.spec.hostname: step_pods.log(api, namespace, pod.metadata.name) for pod in pods}
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
