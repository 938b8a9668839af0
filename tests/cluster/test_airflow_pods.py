"""A real API server takes every pod that Airflow's operator makes of the golden DAG files."""

import shutil
from typing import Any

import pytest

import airflow_local
import example_runs
from cluster import clients
from cluster.clients import STRICT_DRY_RUN
from cluster.server import Document
from golden_files import GOLDEN

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def pods(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Document]:
    folder = tmp_path_factory.mktemp("dags")
    for path in GOLDEN.glob("*/airflow/*.py"):
        shutil.copy(path, folder)
    return airflow_local.pods(folder)


def dry_run(api: Any, namespace: str, pod: Document) -> None:
    from kubernetes.client import CoreV1Api

    pod = {**pod, "metadata": {**pod["metadata"], "namespace": namespace}}
    CoreV1Api(api).create_namespaced_pod(namespace, pod, **STRICT_DRY_RUN)


def test_every_pod_is_taken(pods: dict[str, Document], api: Any, namespace: str) -> None:
    assert {name.partition(".")[0].replace("-", "_") for name in pods} == {*example_runs.NAMES}
    for pod in pods.values():
        dry_run(api, namespace, pod)


def test_what_is_wrong_is_refused(pods: dict[str, Document], api: Any, namespace: str) -> None:
    from kubernetes.client import ApiException

    pod = next(iter(pods.values()))
    wrong: dict[str, Document] = {
        'unknown field "spec.nodeSelectors"': {"nodeSelectors": {"disk": "ssd"}},
        "spec.tolerations[0].operator": {"tolerations": [{"key": "a", "operator": "Is"}]},
        "PriorityClass with name absent": {"priorityClassName": "absent"},
    }
    for said, more in wrong.items():
        with pytest.raises(ApiException) as refusal:
            dry_run(api, namespace, {**pod, "spec": {**pod["spec"], **more}})
        assert said in clients.message(refusal.value)
