"""A real Airflow, with pods of a real Kubernetes, makes of DAG files what CPython makes of it all.

All runs are made at once: what they cost is mostly waiting.
"""

import shutil
from pathlib import Path

import pytest

import example_runs
from airflow_service.runs import Dag, Ended, Run, Runs
from airflow_service.service import Airflow
from cluster import clients
from cluster.images import working_folder
from conformance import suite
from conformance.engines import airflow as engine
from conformance.selection import agree
from conformance.suite import CASES
from golden_files import GOLDEN
from headrace.runtime import wire

pytestmark = pytest.mark.cluster

RUN_HERE = (
    "a_step",
    "branch_inside_map_merges",
    "classes_in_packages",
    "finally_that_fails",
    "map_one_item_fails",
    "map_over_nothing",
    "retries_after_a_lost_attempt",
    "retries_that_do_not_help",
    "text_hazards_as_constants",
    "text_hazards_in_errors",
    "try_exception_travels",
    "value_files_of_a_map",
)
"""Cases with each kind of task, each trigger rule, texts, files, retries and failures."""

EXAMPLE = "word-counts"
BROKEN = Dag("broken", "broken.py", "import airflow.sdk\n\nraise RuntimeError('not a dag')\n")
"""Airflow looks into files only in which both "airflow" and "dag" stand."""


def case_run(name: str) -> Run:
    case = CASES[name]
    parameters = suite.python_pipeline_parameters(case.runs[0])
    return Run(name, engine.dag(case), parameters, working_folder(case))


def example_run(folder: Path) -> Run:
    """Return a run of the golden DAG file, byte for byte, in `folder` with the example's code."""
    (file,) = (GOLDEN / "word_counts" / "airflow").iterdir()
    shutil.copytree(example_runs.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    dag = Dag(EXAMPLE, file.name, file.read_text(encoding="utf-8"))
    return Run(EXAMPLE, dag, {}, code=folder)


@pytest.fixture(scope="module")
def ended(airflow: Airflow, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    made = Runs(airflow)
    for name in RUN_HERE:
        made.start(case_run(name))
    made.start(example_run(tmp_path_factory.mktemp("example") / "code"))
    made.start(Run(BROKEN.id, BROKEN, {}))
    return {run.name: how for run, how in made.until_all_end()}


@pytest.mark.parametrize("name", RUN_HERE)
def test_a_case_gives_what_python_gives(ended: dict[str, Ended], name: str) -> None:
    found, wanted = engine.outcome(ended[name]), suite.expected(CASES[name], CASES[name].runs[0])
    assert agree(found, wanted), f"{found}\nis not\n{wanted}\n{ended[name].tasks}"


def test_an_example_gives_what_python_gives(ended: dict[str, Ended], tmp_path: Path) -> None:
    found = ended[EXAMPLE]
    assert found.state == "success", found
    wanted = example_runs.python_result(example_runs.FOLDER / "word_counts.py", {}, tmp_path)
    assert wire.plain(found.result) == wanted


def test_nothing_but_what_was_asked_for_has_run(airflow: Airflow, ended: dict[str, Ended]) -> None:
    # The example has a schedule, whose last tick was before Airflow read of it.
    every = airflow.rest.rows("/dags/~/dagRuns", "dag_runs")
    assert {run["dag_run_id"] for run in every} == ended.keys() - {BROKEN.id}


def test_a_broken_file_is_told_and_hides_no_other(ended: dict[str, Ended]) -> None:
    assert ended[BROKEN.id].state == "not read"
    assert "RuntimeError: not a dag" in ended[BROKEN.id].messages[0]


def test_retries_are_made_as_the_settings_say(ended: dict[str, Ended]) -> None:
    # Eight steps, three of which lose their first attempt; four, one of which fails twice.
    assert ended["retries_after_a_lost_attempt"].pods == 11
    assert ended["retries_that_do_not_help"].pods == 5


def test_no_pod_stays(airflow: Airflow, ended: dict[str, Ended]) -> None:
    from kubernetes.client import CoreV1Api

    settings = airflow.settings
    with clients.client(settings.kubeconfig) as api:
        pods = CoreV1Api(api).list_namespaced_pod(settings.namespace).items
    # The kubelet ends a pod that was deleted when its time comes.
    assert [pod.metadata.name for pod in pods if not pod.metadata.deletion_timestamp] == []
