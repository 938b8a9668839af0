"""Faults on a real Argo: the run's state, the cleanup and the message are what the docs say."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.engines import argo
from conformance.engines.engine import NotThere
from faults.expectations import differences
from faults.on_argo import RESTART, ArgoSite
from faults.play import play
from faults.table import FAULTS, RESTARTED

pytestmark = pytest.mark.argo


@pytest.fixture(scope="module")
def site() -> Iterator[ArgoSite]:
    """Return the Argo of KUBECONFIG; where there is none, the run says so."""
    try:
        with argo.argo() as found:
            yield ArgoSite(found)
    except NotThere as error:
        pytest.skip(f"NOT RUN: faults on Argo: {error}")


def test_runs_that_faults_hit_end_as_the_docs_say(site: ArgoSite, tmp_path: Path) -> None:
    assert differences("argo", FAULTS, play(site, FAULTS, tmp_path)) == {}


def test_a_step_outlives_a_controller_that_is_killed(site: ArgoSite, tmp_path: Path) -> None:
    if RESTART not in os.environ:
        pytest.skip(f"NOT RUN: a controller of Argo that is killed: {RESTART} is not set")
    seen = play(site, [RESTARTED], tmp_path)
    assert differences("argo", [RESTARTED], seen) == {}
    assert len(seen[RESTARTED.name].pods) == 1
