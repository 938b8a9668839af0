"""Options and fixtures of all tests."""

import os

import pytest

from golden_files import GoldenFiles


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite the files in golden/ that differ, and fail this once; not where CI is set",
    )


def may_update(asked: bool, environment: "os._Environ[str] | dict[str, str]") -> bool:
    """Return whether golden files may be written: never by CI, whose word is the last."""
    return asked and not environment.get("CI")


@pytest.fixture(scope="session")
def golden(request: pytest.FixtureRequest) -> GoldenFiles:
    """Return what compares texts with the files in `golden/`."""
    asked = bool(request.config.getoption("--update-golden"))
    return GoldenFiles(update=may_update(asked, os.environ))
