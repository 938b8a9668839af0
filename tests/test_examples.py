"""Every example gives the same result in CPython, here, and as each engine runs its manifest."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import airflow_local
import example_runs
import kubeflow_local
from headrace.runtime import wire
from models.argo import processes

CASES = [
    pytest.param("digits", {}, id="digits"),
    pytest.param("digits", {"strengths": [0.0001], "seed": 1}, id="digits-below-the-floor"),
    pytest.param("shout", {}, id="shout"),
    pytest.param("word_counts", {}, id="word-counts"),
    pytest.param("word_counts", {"titles": [], "skip": False}, id="word-counts-of-nothing"),
]
TORCH_CASES = [
    pytest.param("digits_torch", {"epochs": 2}, id="torch"),
    pytest.param("digits_torch", {"epochs": 2, "goal": 0.5}, id="torch-good-at-once"),
]
HOSTS_CASE = pytest.param("digits_hosts", {"epochs": 3}, id="hosts")
"""No engine but Kubernetes starts hosts: `runtime/test_hosts.py` lets some train."""


def python_of(name: str) -> Path:
    """Return the interpreter that has what the example called `name` imports."""
    if name not in ("digits_torch", "digits_hosts"):
        return Path(sys.executable)
    assert example_runs.TORCH_PYTHON.exists(), "python3 tests/environments.py torch makes it"
    return example_runs.TORCH_PYTHON


def wanted(name: str, parameters: Mapping[str, object], folder: Path) -> Any:
    """Return what CPython gives; the examples are known to do something."""
    file = example_runs.FOLDER / f"{name}.py"
    result = example_runs.python_result(file, parameters, folder, python_of(name))
    assert result
    return result


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        *CASES,
        *(
            pytest.param(*case.values, id=case.id, marks=pytest.mark.torch)
            for case in (*TORCH_CASES, HOSTS_CASE)
        ),
    ],
)
def test_run_gives_what_python_gives(
    name: str, parameters: dict[str, object], tmp_path: Path
) -> None:
    expected = wanted(name, parameters, tmp_path)
    file = example_runs.FOLDER / f"{name}.py"
    assert example_runs.local_result(file, parameters, tmp_path, python_of(name)) == expected


def test_the_default_runs_reach_what_the_examples_are_about(tmp_path: Path) -> None:
    digits = wanted("digits", {}, tmp_path)
    assert digits["check"]["served"] == "digits-model"
    assert digits["scores"] == sorted(digits["scores"])
    assert digits["scores"][-1] > 0.95
    words = wanted("word_counts", {}, tmp_path)
    assert words["top"][0] == ["we", 10]


@pytest.mark.torch
def test_the_default_torch_run_learns_and_is_tuned(tmp_path: Path) -> None:
    scores, tuned = wanted("digits_torch", {}, tmp_path)
    assert tuned > max(scores) > 0.8


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_argo_gives_what_python_gives(
    name: str, parameters: dict[str, object], tmp_path: Path
) -> None:
    expected = wanted(name, parameters, tmp_path)
    manifest = example_runs.manifest(example_runs.FOLDER / f"{name}.py", "argo", tmp_path)
    texts = {processes.STORE_PARAMETER: str(tmp_path / "store")}
    texts |= example_runs.json_texts(parameters)
    assert wire.plain(processes.run(manifest, texts, example_runs.FOLDER)) == expected


@pytest.mark.kubeflow
@pytest.mark.parametrize(("name", "parameters"), [*CASES, *TORCH_CASES])
def test_kubeflow_gives_what_python_gives(
    name: str, parameters: dict[str, object], tmp_path: Path
) -> None:
    expected = wanted(name, parameters, tmp_path)
    manifest = example_runs.manifest(example_runs.FOLDER / f"{name}.py", "kubeflow", tmp_path)
    texts = {"headrace-store": str(tmp_path / "store"), **example_runs.json_texts(parameters)}
    outcome = kubeflow_local.run(manifest, texts, example_runs.FOLDER, python_of(name))
    assert wire.plain(outcome.result) == expected


@pytest.mark.airflow
@pytest.mark.parametrize(("name", "parameters"), [*CASES, *TORCH_CASES])
def test_airflow_gives_what_python_gives(
    name: str, parameters: dict[str, object], tmp_path: Path
) -> None:
    expected = wanted(name, parameters, tmp_path)
    manifest = example_runs.manifest(example_runs.FOLDER / f"{name}.py", "airflow", tmp_path)
    texts = {"headrace_store": str(tmp_path / "store"), **example_runs.json_texts(parameters)}
    outcome = airflow_local.run(manifest, texts, example_runs.FOLDER, python_of(name))
    assert outcome.state == "success", outcome.log
    assert outcome.result is not None
    assert wire.plain(outcome.result) == expected
