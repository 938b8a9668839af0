"""Options and fixtures of all tests."""

import os

import pytest

from golden_files import GoldenFiles, may_update


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite the files in golden/ that differ, and fail this once; not where CI is set",
    )
    parser.addoption(
        "--all-runs",
        action="store_true",
        help="run every conformance case on Airflow and kfp.local with all its parameters",
    )


@pytest.fixture(scope="session")
def golden(request: pytest.FixtureRequest) -> GoldenFiles:
    """Return what compares texts with the files in `golden/`."""
    asked = bool(request.config.getoption("--update-golden"))
    return GoldenFiles(update=may_update(asked, os.environ))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests tell of how much was tested, also where they ran in other processes."""
    for report in terminalreporter.getreports("passed"):
        for name, text in report.user_properties:
            if name == "told":
                terminalreporter.write_line(str(text))
