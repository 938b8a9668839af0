"""Promise 3 on a real Argo: what its controller makes of a case is what CPython gives."""

from collections.abc import Iterator

import pytest

from conformance.engines import argo
from conformance.engines.comparison import differing
from conformance.engines.engine import Engine, NotThere

pytestmark = pytest.mark.argo

CHOSEN = (
    "a_step",
    "assert_gate",
    "branch_inside_map_merges",
    "finally_runs",
    "finally_that_fails",
    "map_inside_map",
    "map_over_nothing",
    "retries_after_a_lost_attempt",
    "sub_pipeline_in_a_map",
    "text_hazards_as_results",
    "try_except",
    "value_file",
    "value_past_every_limit",
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """Return the Argo of KUBECONFIG; where there is none, the run says so."""
    try:
        with argo.argo() as found:
            yield found
    except NotThere as error:
        pytest.skip(f"NOT RUN: the conformance cases on Argo: {error}")


def test_argo_gives_what_python_gives(engine: Engine, pytestconfig: pytest.Config) -> None:
    everything = pytestconfig.getoption("--all-runs")
    assert differing(engine, "argo", CHOSEN, everything=everything) == {}
