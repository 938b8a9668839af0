"""Promise 3 on a real Kubeflow Pipelines: what it makes of a case is what CPython gives."""

from collections.abc import Iterator

import pytest

from conformance import suite
from conformance.engines import kubeflow
from conformance.engines.engine import Engine, NotThere, run
from conformance.selection import agree
from conformance.suite import CASES

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
AT_ONCE = 8


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
    cases = [c for c in CASES.values() if "kubeflow" not in c.refused]
    runs = [
        (case, number)
        for case in cases
        for number in range(len(case.runs) if everything else 1)
        if everything or case.name in CHOSEN
    ]
    assert len(runs) >= len(CHOSEN)
    differing = {}
    for ended in run(engine, runs, AT_ONCE):
        wanted = suite.expected(ended.case, ended.case.runs[ended.number])
        if not agree(ended.found.outcome, wanted):
            differing[ended.case.name, ended.number] = (ended.found.outcome.text, wanted.text)
    assert differing == {}
