"""Options and fixtures of all tests."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import python_files
import random_amount
from golden_files import GoldenFiles, may_update

if TYPE_CHECKING:
    from cluster.running import Access


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite the files in golden/ that differ, and fail this once; not where CI is set",
    )
    parser.addoption(
        "--whole-corpus",
        action="store_true",
        help="let the frontend meet every Python file of this machine; else a fixed choice of them",
    )
    parser.addoption(
        "--random-pipelines",
        type=int,
        default=random_amount.USUAL,
        metavar="N",
        help="how many random pipelines to compare with CPython (default: %(default)s)",
    )
    parser.addoption(
        "--random-seed",
        type=int,
        default=0,
        metavar="S",
        help="which random pipelines these are (default: %(default)s, always the same ones)",
    )
    parser.addoption(
        "--all-runs",
        action="store_true",
        help="run every conformance case on Airflow and kfp.local with all its parameters",
    )


@pytest.fixture(scope="session", autouse=True)
def _cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what tests compile out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADRACE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> "Iterator[Access]":
    """Return a real Kubernetes: the one that runs, or one that ends with the tests.

    Where none can run, what needs one is left out, and the run says so.
    """
    from cluster import machine, running, state

    if there := state.running():
        cluster = running.Access(Path(there.folder))
        cluster.load_step_image()
        yield cluster
        return
    try:
        own = running.start()
    except machine.CannotRun as error:
        pytest.skip(f"NOT RUN: {error}")
    yield own
    own.stop(keep_logs=request.session.testsfailed > 0)


@pytest.fixture(scope="session")
def jobset_cluster(cluster: "Access") -> "Access":
    """Return the cluster with the controller of JobSets in it."""
    from cluster import controllers

    controllers.start(cluster, controllers.JOBSET)
    return cluster


@pytest.fixture(scope="session")
def kueue_cluster(jobset_cluster: "Access") -> "Access":
    """Return the cluster with Kueue in it, for pods, Jobs and JobSets."""
    from cluster import controllers

    controllers.start(jobset_cluster, controllers.KUEUE)
    return jobset_cluster


@pytest.fixture(scope="session")
def golden(request: pytest.FixtureRequest) -> GoldenFiles:
    """Return what compares texts with the files in `golden/`."""
    asked = bool(request.config.getoption("--update-golden"))
    return GoldenFiles(update=may_update(asked, os.environ))


@pytest.fixture(scope="session")
def whole_corpus(request: pytest.FixtureRequest) -> bool:
    """Return whether every Python file is to be met."""
    return bool(request.config.getoption("--whole-corpus"))


@pytest.fixture(scope="session")
def random_pipelines(request: pytest.FixtureRequest) -> random_amount.Amount:
    """Return how many random pipelines there are to be, and which."""
    options = request.config.option
    return random_amount.Amount(options.random_pipelines, options.random_seed)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded to be told as one."""
    recorded: dict[str, list[Any]] = {}
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, value in report.user_properties if report.when == "call" else ():
            recorded.setdefault(name, []).append(value)
    for text in [*recorded.get("told", ()), *_not_run(terminalreporter)]:
        terminalreporter.write_line(str(text))
    if "python_files" in recorded:
        rows = [row for rows in recorded["python_files"] for row in rows]
        terminalreporter.write_line(python_files.report(rows))
    if random_amount.RUNS in recorded:
        terminalreporter.write_line(random_amount.report_runs(recorded[random_amount.RUNS]))
    if "random_pipelines" in recorded:
        terminalreporter.write_line(random_amount.report(recorded["random_pipelines"]))


def _not_run(terminalreporter: pytest.TerminalReporter) -> list[str]:
    """Return why tests that need an engine were left out, each reason once."""
    reasons = [str(report.longrepr[2]) for report in terminalreporter.getreports("skipped")]
    told = [reason.removeprefix("Skipped: ") for reason in reasons]
    return list(dict.fromkeys(text for text in told if text.startswith("NOT RUN: ")))
