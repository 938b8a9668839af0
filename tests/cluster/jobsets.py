"""JobSets of two pods, handed to a real controller.

It needs the environment `.venvs/airflow`; `kubernetes` is imported when it is called.
"""

import time
from typing import Any

from cluster.images import STEP
from cluster.server import Document

SECONDS = 120


def jobset(name: str, program: str, **container: Any) -> Document:
    """Return a JobSet of two pods that both run `program`, in Python, in a `container`."""
    main = {
        **container,
        "name": "main",
        "image": STEP,
        "imagePullPolicy": "Never",
        "command": ["python3", "-c", program],
    }
    pod = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
        "containers": [main],
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
    """Hand a JobSet in; a field that the API server does not know is an error.

    Raises:
        ApiException: the API server or the controller's webhook refuses it.
    """
    from kubernetes.client import CustomObjectsApi

    group, version = document["apiVersion"].split("/")
    CustomObjectsApi(api).create_namespaced_custom_object(
        group, version, namespace, "jobsets", document, field_validation="Strict"
    )


def read(api: Any, namespace: str, name: str) -> Document:
    """Return the JobSet `name` as it is now."""
    from kubernetes.client import CustomObjectsApi

    found: Document = CustomObjectsApi(api).get_namespaced_custom_object(
        "jobset.x-k8s.io", "v1alpha2", namespace, "jobsets", name
    )
    return found


def ended(api: Any, namespace: str, name: str) -> Document:
    """Wait until the JobSet `name` has ended; return its status."""
    deadline = time.monotonic() + SECONDS
    while True:
        status: Document = read(api, namespace, name).get("status", {})
        if "terminalState" in status:
            return status
        assert time.monotonic() < deadline, status
        time.sleep(0.2)
