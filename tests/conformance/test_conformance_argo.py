"""Promise 3 on a real Argo: what its controller makes of a case is what CPython gives."""

from collections.abc import Iterator

import pytest

from conformance import suite
from conformance.engines import argo
from conformance.engines.engine import Engine, NotThere, run
from conformance.selection import agree
from conformance.suite import CASES

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
AT_ONCE = 8


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
    cases = [c for c in CASES.values() if "argo" not in c.refused]
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
