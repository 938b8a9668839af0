"""Promise 3 on a real Kubeflow Pipelines: what it makes of a case is what CPython gives."""

from collections.abc import Iterator

import pytest

from conformance.engines import kubeflow
from conformance.engines.comparison import differing
from conformance.engines.engine import Engine, NotThere

pytestmark = pytest.mark.kubeflow_server

CHOSEN = (
    "a_step",
    "branch_on_a_step",
    "failing_step",
    "finally_runs",
    "map_over_nothing",
    "text_hazards_as_results",
    "try_except",
    "value_file",
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """Return the Kubeflow Pipelines of HEADRACE_KFP_HOST; where there is none, the run says so."""
    try:
        with kubeflow.kubeflow() as found:
            yield found
    except NotThere as error:
        pytest.skip(f"NOT RUN: the conformance cases on Kubeflow Pipelines: {error}")


def test_kubeflow_gives_what_python_gives(engine: Engine, pytestconfig: pytest.Config) -> None:
    everything = pytestconfig.getoption("--all-runs")
    assert differing(engine, "kubeflow", CHOSEN, everything=everything) == {}
