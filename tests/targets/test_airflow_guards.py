"""Cleanups as Airflow itself runs them: which run, in which order, and what the run becomes."""

from pathlib import Path

import pytest

import airflow_local
from headrace.compiler import driver

pytestmark = pytest.mark.airflow

STEPS = """
import os


def folder() -> str:
    return os.environ["TMPDIR"]


def note(folder: str, what: object) -> None:
    with open(f"{folder}/notes", "a") as notes:
        notes.write(f"{what}\\n")


def add(x: int) -> int:
    return x + 1


def numbers(n: int) -> list[int]:
    return list(range(n))


def fail(x: int) -> int:
    raise ValueError(x)


def picky(x: int) -> int:
    if x == 1:
        raise ValueError(x)
    return x


def pipeline(n: int = 2, flag: bool = False):
"""

CASES = {
    "an arm that is not taken makes what its cleanup reads": (
        """
        y = 0
        if flag:
            log = folder()
            try:
                y = picky(n)
            finally:
                note(log, "done")
        return y
        """,
        {"note": "skipped"},
        [],
        "=0",
    ),
    "a step before fails, which the cleanup reads": (
        """
        log = folder()
        x = fail(n)
        try:
            y = add(x)
        finally:
            note(log, x)
        return y
        """,
        {"add": "upstream_failed", "note": "skipped"},
        [],
        None,
    ),
    "a step of the cleanup fails": (
        """
        log = folder()
        try:
            y = add(n)
        finally:
            fail(n)
            note(log, "done")
        return y
        """,
        {"add": "success", "fail": "failed", "note": "upstream_failed"},
        [],
        None,
    ),
    "guards within a guard": (
        """
        log = folder()
        try:
            try:
                y = fail(n)
            finally:
                note(log, 1)
            note(log, 2)
        finally:
            try:
                note(log, 3)
            finally:
                note(log, 4)
        return y
        """,
        {"fail": "failed", "note-2": "upstream_failed"},
        ["1", "3", "4"],
        None,
    ),
    "one item of several fails": (
        """
        log = folder()
        ys = []
        for i in numbers(3):
            try:
                y = picky(i)
            finally:
                note(log, i)
            ys.append(y)
        return ys
        """,
        {"picky[0]": "success", "picky[1]": "failed", "note[1]": "success"},
        ["0", "1", "2"],
        None,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_cleanup_runs_if_its_body_started(name: str, tmp_path: Path) -> None:
    body, states, notes, result = CASES[name]
    source = tmp_path / "flow.py"
    source.write_text(STEPS + body, encoding="utf-8")
    compilation = driver.compile_source(source, settings=("image=ghcr.io/acme/flow:1",))
    assert [d.message for d in compilation.diagnostics] == []
    (file,) = driver.emit(compilation, ["airflow"])["airflow"]
    (tmp_path / "dags").mkdir()
    dag_file = tmp_path / "dags" / file.name
    dag_file.write_text(file.text, encoding="utf-8")
    outcome = airflow_local.run(dag_file, {}, tmp_path, temporary=tmp_path)
    assert outcome.state == ("failed" if result is None else "success"), outcome.log
    assert outcome.result == result
    assert {task: outcome.tasks[task] for task in states} == states
    written = tmp_path / "notes"
    assert sorted(written.read_text().split() if written.exists() else []) == notes
