"""Speaks with the API server about Workflows; `kubernetes` is imported when it is called."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cluster import clients
from cluster.clients import Document
from conformance.engines.engine import NotThere

GROUP, VERSION = "argoproj.io", "v1alpha1"

SECONDS_TO_ANSWER = 30
"""How long a controller may take to look at a run."""

SECONDS_TO_RUN = 180
"""How long the pod of the first run may take."""

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

        self._api, self._objects = api, CustomObjectsApi(api)

    @contextmanager
    def namespace(self) -> Iterator[str]:
        """Give a new namespace whose pods may report to the controller."""
        from kubernetes.client import RbacAuthorizationV1Api

        with clients.namespace(self._api) as name:
            roles = RbacAuthorizationV1Api(self._api)
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

    def apply(self, namespace: str, document: Document) -> None:
        """Create an object, or make the one of its name the same."""
        self._objects.patch_namespaced_custom_object(
            GROUP,
            VERSION,
            namespace,
            _plural(document),
            document["metadata"]["name"],
            document,
            field_manager=clients.MANAGER,
            force=True,
            _content_type="application/apply-patch+yaml",
            **clients.STRICT,
        )

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
        """Wait until the first Workflow has ended; return it.

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
                raise RuntimeError(f"the first run does not end: {workflow['status']}")
            time.sleep(0.5)

    def executor_log(self, namespace: str, name: str) -> str:
        """Return what the executor wrote beside the only pod of the Workflow `name`."""
        from kubernetes.client import CoreV1Api

        core = CoreV1Api(self._api)
        (pod,) = core.list_namespaced_pod(
            namespace, label_selector=f"workflows.argoproj.io/workflow={name}"
        ).items
        log: str = core.read_namespaced_pod_log(pod.metadata.name, namespace, container="wait")
        return log


def executor_version(log: str) -> str:
    """Return the version that an executor says it has, which is the one of its controller.

    Raises:
        RuntimeError: it says none.
    """
    if match := re.search(r"\bversion\"?[=:]\"?v(\d[\w.+-]*)", log):
        return match[1]
    raise RuntimeError(f"the executor does not say its version:\n{log}")


def _plural(document: Document) -> str:
    return f"{document['kind'].lower()}s"
