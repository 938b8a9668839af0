"""Which runs of which cases an engine gets: the first of each, or all."""

from collections.abc import Iterable

import pytest

from conformance.suite import Case, Outcome

TOLD = "told"
"""A property of a test whose text stands at the end of what pytest prints (`tests/conftest.py`)."""


def parametrize_runs(metafunc: pytest.Metafunc, cases: Iterable[Case]) -> None:
    """Give a test the `case` and `run` of the first run of each of `cases`, or of all runs."""
    runs = [
        pytest.param(case, run, id=f"{case.name}-{number}")
        for case in cases
        for number, run in enumerate(case.runs)
        if number == 0 or metafunc.config.getoption("--all-runs")
    ]
    metafunc.parametrize(("case", "run"), runs)


def agree(found: Outcome, wanted: Outcome) -> bool:
    """Whether an engine gave what Python gives.

    An engine may go on with what does not depend on a failed step, so that the exception that
    Python ends with is one of those that a failed run tells, a line each.
    """
    if wanted.state == "failed":
        return found.state == "failed" and wanted.error in found.error.splitlines()
    return found == wanted
