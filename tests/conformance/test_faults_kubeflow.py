"""Faults on a real Kubeflow Pipelines: state, cleanup and message are what the docs say."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.engines import kubeflow
from conformance.engines.engine import NotThere
from faults.expectations import differences
from faults.on_argo import RESTART
from faults.on_kubeflow import KubeflowSite
from faults.play import play
from faults.table import FAULTS, RESTARTED

pytestmark = pytest.mark.kubeflow_server


@pytest.fixture(scope="module")
def site() -> Iterator[KubeflowSite]:
    """Return the Kubeflow Pipelines of HEADRACE_KFP_HOST; where there is none, the run says so."""
    try:
        with kubeflow.kubeflow() as found:
            yield KubeflowSite(found)
    except NotThere as error:
        pytest.skip(f"NOT RUN: faults on Kubeflow Pipelines: {error}")


def test_runs_that_faults_hit_end_as_the_docs_say(site: KubeflowSite, tmp_path: Path) -> None:
    assert differences("kubeflow", FAULTS, play(site, FAULTS, tmp_path)) == {}


def test_a_step_outlives_a_controller_that_is_killed(site: KubeflowSite, tmp_path: Path) -> None:
    if RESTART not in os.environ:
        pytest.skip(f"NOT RUN: the controller under Kubeflow that is killed: {RESTART} is not set")
    seen = play(site, [RESTARTED], tmp_path)
    assert differences("kubeflow", [RESTARTED], seen) == {}
    assert len(seen[RESTARTED.name].pods) == 1
