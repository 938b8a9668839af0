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


@pytest.fixture(scope="session")
def golden(request: pytest.FixtureRequest) -> GoldenFiles:
    """Return what compares texts with the files in `golden/`."""
    asked = bool(request.config.getoption("--update-golden"))
    return GoldenFiles(update=may_update(asked, os.environ))
