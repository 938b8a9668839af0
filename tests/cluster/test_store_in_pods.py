"""Pods that share a bucket and nothing else: what they hand on arrives, credentials by a secret."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from cluster import argo_pods
from cluster.object_server import ObjectServer, serving
from cluster.running import Access
from conformance import suite
from conformance.suite import CASES

pytestmark = pytest.mark.cluster

BUCKET = "artifacts"
SECRET = "object-store"
ACCESS = (
    f"store.url=s3://{BUCKET}/runs",
    f"store.secrets.AWS_ACCESS_KEY_ID={SECRET}/access-key",
    f"store.secrets.AWS_SECRET_ACCESS_KEY={SECRET}/secret-key",
    "store.env.AWS_REGION=us-east-1",
)


@pytest.fixture(scope="module", name="server")
def _server(cluster: Access, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    """Return a server at the address at which pods reach this machine."""
    if not shutil.which("go"):
        pytest.skip("NOT RUN: Go, which builds a server of S3, is not here (https://go.dev/dl)")
    [entry] = yaml.safe_load(cluster.kubeconfig.read_text())["clusters"]
    address = urlsplit(entry["cluster"]["server"]).hostname
    assert address is not None
    with serving(tmp_path_factory.mktemp("s3"), address, BUCKET) as server:
        yield server


@pytest.fixture(name="settings")
def _settings(
    server: ObjectServer, api: Any, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, ...]]:
    """Put the keys into a secret, and return what the configuration says of the store."""
    from kubernetes.client import CoreV1Api

    secrets = CoreV1Api(api)
    keys = {"access-key": server.access_key, "secret-key": server.secret_key}
    body = {"metadata": {"name": SECRET}, "stringData": keys}
    secrets.create_namespaced_secret(namespace, body, field_validation="Strict")
    for name, value in server.variables.items():
        monkeypatch.setenv(name, value)  # for the one who reads the result
    yield (*ACCESS, f"store.env.AWS_ENDPOINT_URL={server.endpoint}")
    secrets.delete_namespaced_secret(SECRET, namespace)


@pytest.mark.parametrize("name", ["value_files_of_a_map", "value_folder"])
def test_what_pods_hand_on_through_a_bucket_arrives(
    name: str,
    server: ObjectServer,
    settings: tuple[str, ...],
    api: Any,
    namespace: str,
    tmp_path: Path,
) -> None:
    case = CASES[name]
    run = case.runs[0]
    found = argo_pods.outcome_with_store(case, run, api, namespace, tmp_path, settings)
    assert found.text == suite.expected(case, run).text
    assert server.objects(BUCKET)


def test_a_pod_with_wrong_credentials_says_so(
    settings: tuple[str, ...], api: Any, namespace: str, tmp_path: Path
) -> None:
    case = CASES["value_folder"]
    wrong = f"store.secrets.AWS_SECRET_ACCESS_KEY={SECRET}/access-key"
    given = (*settings, wrong)
    found = argo_pods.outcome_with_store(case, case.runs[0], api, namespace, tmp_path, given)
    assert "the store s3://artifacts/runs refuses the credentials" in found.text
