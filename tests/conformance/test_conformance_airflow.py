"""Promise 3 on Airflow itself: what `dag.test()` makes of a case is what CPython gives."""

from pathlib import Path

import pytest

from conformance import airflow_execution, suite
from conformance.selection import agree, parametrize_runs
from conformance.suite import CASES, Case, Run

pytestmark = pytest.mark.airflow

TAKEN = [case for case in CASES.values() if "airflow" not in case.refused]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    parametrize_runs(metafunc, TAKEN)


def test_airflow_gives_what_python_gives(case: Case, run: Run, tmp_path: Path) -> None:
    found, wanted = airflow_execution.outcome(case, run, tmp_path), suite.expected(case, run)
    assert agree(found, wanted), f"{found}\nis not\n{wanted}"
