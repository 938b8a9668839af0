"""Fixtures of the tests that meet a real Airflow."""

from collections.abc import Iterator

import pytest

from airflow_service.service import Airflow
from cluster import clients
from cluster.machine import CannotRun
from cluster.running import Access


@pytest.fixture(scope="session")
def airflow(request: pytest.FixtureRequest, cluster: Access) -> Iterator[Airflow]:
    """Return an Airflow whose pods run in a namespace of their own of the cluster."""
    with clients.client(cluster.kubeconfig) as api, clients.namespace(api) as namespace:
        try:
            service = Airflow(cluster.kubeconfig, namespace)
        except CannotRun as error:
            pytest.skip(f"NOT RUN: {error}")
        yield service
        service.stop(keep_logs=request.session.testsfailed > 0)
