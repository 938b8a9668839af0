"""Faults on a real Airflow: the run's state, the cleanup and the message are what the docs say."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_service.service import Airflow
from cluster import clients
from faults.expectations import differences
from faults.on_airflow import AirflowSite
from faults.play import play
from faults.table import FAULTS, RESTARTED

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def site(airflow: Airflow) -> Iterator[AirflowSite]:
    with clients.client(airflow.settings.kubeconfig) as api:
        yield AirflowSite(airflow, api)


def test_runs_that_faults_hit_end_as_the_docs_say(site: AirflowSite, tmp_path: Path) -> None:
    assert differences("airflow", FAULTS, play(site, FAULTS, tmp_path)) == {}


def test_a_step_outlives_a_scheduler_that_is_killed(site: AirflowSite, tmp_path: Path) -> None:
    seen = play(site, [RESTARTED], tmp_path)
    assert differences("airflow", [RESTARTED], seen) == {}
    assert len(seen[RESTARTED.name].pods) == 1
