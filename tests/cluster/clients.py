"""Speaks with the API server through the client of Kubernetes for Python.

It needs the environment `.venvs/airflow`; `kubernetes` is imported when it is called.
"""

import gzip
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from argo_schema import FOLDER as ARGO_CRDS
from cluster.server import MANAGER, Document

STRICT = {"field_validation": "Strict"}
STRICT_DRY_RUN = {**STRICT, "dry_run": "All"}
"""Nothing is kept, and a field that the API server does not know is an error."""

SECONDS_TO_WAIT = 60


def client(kubeconfig: Path) -> Any:
    """Return an `ApiClient` of the cluster that `kubeconfig` leads to."""
    from kubernetes import config

    return config.new_client_from_config(str(kubeconfig))


def message(error: Any) -> str:
    """Return what the API server says in an `ApiException`."""
    answer: Document = yaml.safe_load(error.body)
    return str(answer["message"])


def install_argo(api: Any) -> None:
    """Install the full CRDs of Argo Workflows, server-side, and wait until they hold."""
    from kubernetes.client import ApiextensionsV1Api

    definitions = ApiextensionsV1Api(api)
    names = []
    for path in sorted(ARGO_CRDS.glob("*.yaml.gz")):
        body = yaml.load(gzip.decompress(path.read_bytes()), Loader=yaml.CSafeLoader)
        names.append(body["metadata"]["name"])
        definitions.patch_custom_resource_definition(
            names[-1],
            body,
            field_manager=MANAGER,
            force=True,
            _content_type="application/apply-patch+yaml",
        )
    wait(
        f"established: {names}",
        lambda: all(
            _is_established(definitions.read_custom_resource_definition(name)) for name in names
        ),
    )


@contextmanager
def namespace(api: Any) -> Iterator[str]:
    """Give a new namespace in which pods can be: it has the account that they get."""
    from kubernetes.client import CoreV1Api

    core = CoreV1Api(api)
    body = {"metadata": {"generateName": "test-"}}
    name = core.create_namespace(body).metadata.name
    try:
        wait(f"an account in {name}", lambda: _has_account(core, name))
        yield name
    finally:
        core.delete_namespace(name)


def dry_run(api: Any, namespace: str, document: Document) -> None:
    """Let the API server judge a ConfigMap, or an object of an API group; nothing is kept.

    Raises:
        ApiException: it refuses the object; `message` says why.
    """
    from kubernetes.client import CoreV1Api, CustomObjectsApi

    group, _, version = document["apiVersion"].rpartition("/")
    if group:
        plural = f"{document['kind'].lower()}s"
        CustomObjectsApi(api).create_namespaced_custom_object(
            group, version, namespace, plural, document, **STRICT_DRY_RUN
        )
    else:
        assert document["kind"] == "ConfigMap"
        CoreV1Api(api).create_namespaced_config_map(namespace, document, **STRICT_DRY_RUN)


def create(api: Any, namespace: str, document: Document) -> None:
    """Create an object of any kind that the API server knows.

    Raises:
        ApiException: it refuses the object.
    """
    from kubernetes.dynamic import DynamicClient

    kind = DynamicClient(api).resources.get(
        api_version=document["apiVersion"], kind=document["kind"]
    )
    kind.create(body=document, namespace=namespace)


def refusal_of_pod(api: Any, namespace: str, specification: Document) -> str | None:
    """Let the API server judge a pod; return why it refuses it, or None. Nothing is kept."""
    from kubernetes.client import ApiException, CoreV1Api

    body = {"metadata": {"generateName": "pod-"}, "spec": specification}
    try:
        CoreV1Api(api).create_namespaced_pod(
            namespace, body, **STRICT_DRY_RUN, _preload_content=False
        )
    except ApiException as error:
        return message(error)
    return None


def _is_established(definition: Any) -> bool:
    conditions = definition.status.conditions or ()
    return any(each.type == "Established" and each.status == "True" for each in conditions)


def _has_account(core: Any, namespace: str) -> bool:
    accounts = core.list_namespaced_service_account(namespace).items
    return any(each.metadata.name == "default" for each in accounts)


def wait(what: str, holds: Callable[[], bool]) -> None:
    """Wait until `what` holds.

    Raises:
        RuntimeError: it does not, for a long time.
    """
    deadline = time.monotonic() + SECONDS_TO_WAIT
    while not holds():
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited for long enough: {what}")
        time.sleep(0.1)
