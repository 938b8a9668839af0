"""The DNS of the cluster: pods know Services by name, and the pods behind them."""

import socket
from typing import Any

import pytest

from cluster import step_pods
from cluster.images import STEP
from cluster.settings import DOMAIN

pytestmark = pytest.mark.cluster

LOOK_UP = """\
import socket, sys

for name in sys.argv[1:]:
    try:
        print(name, socket.gethostbyname(name))
    except socket.gaierror as error:
        print(name, error.strerror)
"""


def looked_up(api: Any, namespace: str, *names: str) -> dict[str, str]:
    """Return what a pod finds for `names`."""
    container = {"image": STEP, "command": ["python3", "-c", LOOK_UP, *names]}
    log = step_pods.run(api, namespace, {**container, "imagePullPolicy": "Never"}).log
    return dict(line.split(" ", 1) for line in log.splitlines())


def test_pods_know_services_by_name(api: Any, namespace: str) -> None:
    names = ("kubernetes.default", f"kubernetes.default.svc.{DOMAIN}.", f"no.default.svc.{DOMAIN}.")
    found = looked_up(api, namespace, *names)
    assert list(found.values()) == ["10.96.0.1", "10.96.0.1", "Name or service not known"]


def test_other_names_are_those_that_the_machine_knows(api: Any, namespace: str) -> None:
    name = "proxy.golang.org."
    try:
        known = bool(socket.gethostbyname(name))
    except socket.gaierror:
        known = False
    found = looked_up(api, namespace, name)[name]
    assert found[0].isdigit() == known, found


def test_a_headless_service_names_its_pods(api: Any, namespace: str) -> None:
    from kubernetes.client import CoreV1Api

    core = CoreV1Api(api)
    service = {"clusterIP": "None", "selector": {"team": "a"}, "publishNotReadyAddresses": True}
    core.create_namespaced_service(namespace, {"metadata": {"name": "team"}, "spec": service})
    pod = core.create_namespaced_pod(
        namespace,
        {
            "metadata": {"name": "member", "labels": {"team": "a"}},
            "spec": {
                "hostname": "first",
                "subdomain": "team",
                "terminationGracePeriodSeconds": 1,
                "containers": [
                    {
                        "name": "main",
                        "image": STEP,
                        "imagePullPolicy": "Never",
                        "command": ["sleep", "3600"],
                    }
                ],
            },
        },
    )
    address = step_pods.until(
        api, namespace, pod.metadata.name, lambda seen: seen.status.pod_ip or None
    )
    step_pods.until(api, namespace, pod.metadata.name, step_pods.running)
    assert looked_up(api, namespace, "first.team", "team") == {
        "first.team": address,
        "team": address,
    }
