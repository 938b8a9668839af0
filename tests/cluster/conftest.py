"""Fixtures of the tests that meet a real Kubernetes."""

from collections.abc import Iterator
from typing import Any

import pytest

from cluster import clients
from cluster.running import Access


@pytest.fixture(scope="session")
def api(cluster: Access) -> Iterator[Any]:
    """Return a client of the API server."""
    with clients.client(cluster.kubeconfig) as client:
        yield client


@pytest.fixture(scope="session")
def argo(api: Any) -> Any:
    """Return a client of the API server, which knows Argo's objects."""
    clients.install_argo(api)
    return api


@pytest.fixture(scope="module")
def namespace(api: Any) -> Iterator[str]:
    """Return a namespace of the module's own, in which pods can be."""
    with clients.namespace(api) as name:
        yield name
