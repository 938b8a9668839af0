"""Speaks with the API server about Workflows; `kubernetes` is imported when it is called."""

import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from cluster import clients
from cluster.server import Document
from conformance.engines.engine import NotThere

GROUP, VERSION = "argoproj.io", "v1alpha1"

SECONDS_TO_ANSWER = 30
"""How long a controller may take to look at a run."""

SECONDS_TO_RUN = 600
"""How long a run that is waited for may take."""

COMPLETED = "workflows.argoproj.io/completed=true"

ROLE: Document = {
    "metadata": {"name": "executor"},
    "rules": [
        {"apiGroups": [GROUP], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]}
    ],
}
"""What the account of the pods may do:
https://argo-workflows.readthedocs.io/en/latest/workflow-rbac/"""

BINDING: Document = {
    "metadata": {"name": "executor"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "executor"},
    "subjects": [{"kind": "ServiceAccount", "name": "default"}],
}


class ArgoApi:
    """Argo's objects in the cluster of a client."""

    def __init__(self, api: Any) -> None:
        """Take the `kubernetes.client.ApiClient` of the cluster."""
        from kubernetes.client import CustomObjectsApi

        self.client, self._objects = api, CustomObjectsApi(api)

    @contextmanager
    def namespace(self) -> Iterator[str]:
        """Give a new namespace whose pods may report to the controller."""
        from kubernetes.client import RbacAuthorizationV1Api

        with clients.namespace(self.client) as name:
            roles = RbacAuthorizationV1Api(self.client)
            roles.create_namespaced_role(name, ROLE)
            roles.create_namespaced_role_binding(name, BINDING)
            yield name

    def create(self, namespace: str, document: Document) -> str:
        """Create an object; return its name.

        Raises:
            NotThere: the cluster does not know such objects.
        """
        from kubernetes.client import ApiException

        body = {"apiVersion": f"{GROUP}/{VERSION}", **document}
        try:
            created = self._objects.create_namespaced_custom_object(
                GROUP, VERSION, namespace, _plural(document), body, **clients.STRICT
            )
        except ApiException as error:
            if error.status == 404:
                raise NotThere("the cluster of KUBECONFIG has no Argo Workflows") from None
            raise
        return str(created["metadata"]["name"])

    def completed(self, namespace: str) -> list[Document]:
        """Return the Workflows that have ended."""
        found: Document = self._objects.list_namespaced_custom_object(
            GROUP, VERSION, namespace, "workflows", label_selector=COMPLETED
        )
        return list(found["items"])

    def get(self, namespace: str, name: str) -> Document:
        """Return the Workflow `name`."""
        found: Document = self._objects.get_namespaced_custom_object(
            GROUP, VERSION, namespace, "workflows", name
        )
        return found

    def delete(self, namespace: str, name: str) -> None:
        """Remove the Workflow `name` and its pods."""
        self._objects.delete_namespaced_custom_object(GROUP, VERSION, namespace, "workflows", name)

    def answered(self, namespace: str, name: str) -> Document:
        """Wait until the Workflow `name` has ended; return it.

        Raises:
            NotThere: no controller looks at it.
            RuntimeError: it does not end.
        """
        began = time.monotonic()
        while True:
            workflow = self.get(namespace, name)
            seconds = time.monotonic() - began
            if workflow.get("status", {}).get("finishedAt"):
                return workflow
            if "phase" not in workflow.get("status", {}) and seconds > SECONDS_TO_ANSWER:
                raise NotThere(
                    "no Argo controller answers in the cluster of KUBECONFIG "
                    f"(none looked at a run within {SECONDS_TO_ANSWER} s)"
                )
            if seconds > SECONDS_TO_RUN:
                raise RuntimeError(f"a run does not end: {workflow['status']}")
            time.sleep(0.5)

    def executor_images(self, namespace: str, name: str) -> list[str]:
        """Return the images that the controller added to the only pod of the Workflow `name`."""
        from kubernetes.client import CoreV1Api

        (pod,) = (
            CoreV1Api(self.client)
            .list_namespaced_pod(namespace, label_selector=f"workflows.argoproj.io/workflow={name}")
            .items
        )
        containers = [*pod.spec.containers, *(pod.spec.init_containers or ())]
        return [each.image for each in containers if each.name != "main"]


def version_of(images: Iterable[str]) -> str:
    """Return the version that the tag of an executor's image says: a controller takes its own.

    Raises:
        RuntimeError: none says one.
    """
    for image in images:
        if match := re.search(r":v(\d+\.\d+\.\d+[\w.+-]*)(@|$)", image):
            return match[1]
    raise RuntimeError(f"no tag of the executor's images {sorted(set(images))} is a version")


def _plural(document: Document) -> str:
    return f"{document['kind'].lower()}s"
