"""Faults on real engines: the run's state, the cleanup and the message are what the docs say.

Those on Airflow, which is started for tests, are in `tests/airflow_service`.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.engines import argo, kubeflow
from conformance.engines.engine import NotThere
from faults.expectations import differences
from faults.on_argo import RESTART, ArgoSite
from faults.on_kubeflow import KubeflowSite
from faults.play import Site, play
from faults.table import FAULTS, RESTARTED


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("argo", marks=pytest.mark.argo),
        pytest.param("kubeflow", marks=pytest.mark.kubeflow_server),
    ],
)
def engine(request: pytest.FixtureRequest) -> str:
    """Return the name of an engine that tests do not start themselves."""
    return str(request.param)


@pytest.fixture(scope="module")
def site(engine: str) -> Iterator[Site]:
    """Return the engine that the environment leads to; where there is none, the run says so."""
    try:
        if engine == "argo":
            with argo.argo() as controller:
                yield ArgoSite(controller)
        else:
            with kubeflow.kubeflow() as installation:
                yield KubeflowSite(installation)
    except NotThere as error:
        pytest.skip(f"NOT RUN: faults on {engine}: {error}")


def test_runs_that_faults_hit_end_as_the_docs_say(engine: str, site: Site, tmp_path: Path) -> None:
    assert differences(engine, FAULTS, play(site, FAULTS, tmp_path)) == {}


def test_a_step_outlives_a_controller_that_is_killed(
    engine: str, site: Site, tmp_path: Path
) -> None:
    if RESTART not in os.environ:
        pytest.skip(f"NOT RUN: a controller of {engine} that is killed: {RESTART} is not set")
    seen = play(site, [RESTARTED], tmp_path)
    assert differences(engine, [RESTARTED], seen) == {}
    assert len(seen[RESTARTED.name].pods) == 1
