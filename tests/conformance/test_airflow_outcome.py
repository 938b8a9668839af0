"""What a run on Airflow gave is read from what Airflow says of it."""

from typing import Any

import pytest

from airflow_service.runs import Ended
from conformance import suite
from conformance.engines import airflow
from conformance.selection import agree
from conformance.suite import Outcome


def ended(**fields: Any) -> Ended:
    plain = {"result": None, "messages": (), "pods": 1, "store": "file:///store", "seconds": 1.0}
    return Ended(**{**plain, "tasks": {}, **fields})


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        (ended(state="success", result="=[1, 1.0, null]"), suite.succeeded([1, 1.0, None])),
        (
            ended(state="failed", messages=("Pod a-x1 returned a failure.\nValueError: a\nb",)),
            suite.failed("ValueError: a\nb"),
        ),
        (
            ended(state="failed", messages=("Pod a returned a failure.\nA", "Pod b failed.\nB")),
            suite.failed("A\nB"),
        ),
        (ended(state="failed", messages=("API_SERVER_ERROR",)), suite.failed("API_SERVER_ERROR")),
        (
            ended(state="success", tasks={"pipeline-result": "success"}),
            Outcome("neither", None, "success: None\npipeline-result: success"),
        ),
        (
            ended(state="running", tasks={"a": "queued"}),
            Outcome("neither", None, "running: None\na: queued"),
        ),
        (
            ended(state="not read", messages=("SyntaxError",)),
            Outcome("neither", None, "not read: None\nSyntaxError"),
        ),
    ],
)
def test_an_outcome_is_what_airflow_says(how: Ended, wanted: Outcome) -> None:
    assert airflow.outcome(how) == wanted


def test_a_run_that_has_not_ended_agrees_with_nothing() -> None:
    found = airflow.outcome(ended(state="running"))
    assert not agree(found, suite.failed("running: None"))
    assert not agree(found, suite.succeeded(None))
