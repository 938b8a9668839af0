"""Every example gives the same result in CPython, here, and as each engine runs its manifest."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import airflow_local
import argo_local
import examples
import kubeflow_local
from headrace.runtime import wire

CASES = [
    pytest.param("digits", {}, id="digits"),
    pytest.param("digits", {"strengths": [0.0001], "seed": 1}, id="digits-below-the-floor"),
    pytest.param("word_counts", {}, id="word-counts"),
    pytest.param("word_counts", {"titles": [], "skip": False}, id="word-counts-of-nothing"),
]
TORCH_CASES = [
    pytest.param("digits_torch", {"epochs": 2}, id="torch"),
    pytest.param("digits_torch", {"epochs": 2, "goal": 0.5}, id="torch-good-at-once"),
]


def python_of(name: str) -> Path | None:
    """Return the interpreter that the example called `name` needs, if it is a special one."""
    if name != "digits_torch":
        return None
    assert examples.TORCH_PYTHON.exists(), "python3 tests/environments.py torch makes it"
    return examples.TORCH_PYTHON


def wanted(name: str, parameters: Mapping[str, object], folder: Path) -> Any:
    """Return what CPython gives; the examples are known to do something."""
    python = {"python": python_of(name)} if python_of(name) else {}
    result = examples.python_result(examples.FOLDER / f"{name}.py", parameters, folder, **python)
    assert result
    return result


@pytest.mark.parametrize(
    ("name", "parameters"),
    [*CASES, *(pytest.param(*c.values, id=c.id, marks=pytest.mark.torch) for c in TORCH_CASES)],
)
def test_run_gives_what_python_gives(
    name: str, parameters: dict[str, object], tmp_path: Path
) -> None:
    expected = wanted(name, parameters, tmp_path)
    file = examples.FOLDER / f"{name}.py"
    assert examples.local_result(file, parameters, tmp_path) == expected


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
    manifest = examples.manifests(name, tmp_path / "manifests")["argo"]
    texts = {argo_local.STORE_PARAMETER: str(tmp_path / "store")}
    texts |= examples.json_texts(parameters)
    assert wire.plain(argo_local.run(manifest, texts, examples.FOLDER)) == expected


@pytest.mark.kubeflow
@pytest.mark.parametrize(("name", "parameters"), [*CASES, *TORCH_CASES])
def test_kubeflow_gives_what_python_gives(
    name: str, parameters: dict[str, object], tmp_path: Path
) -> None:
    expected = wanted(name, parameters, tmp_path)
    manifest = examples.manifests(name, tmp_path / "manifests")["kubeflow"]
    texts = {"headrace-store": str(tmp_path / "store"), **examples.json_texts(parameters)}
    python = {"python": python_of(name)} if python_of(name) else {}
    outcome = kubeflow_local.run(manifest, texts, examples.FOLDER, **python)
    assert wire.plain(outcome.result) == expected


@pytest.mark.airflow
@pytest.mark.parametrize(("name", "parameters"), [*CASES, *TORCH_CASES])
def test_airflow_gives_what_python_gives(
    name: str, parameters: dict[str, object], tmp_path: Path
) -> None:
    expected = wanted(name, parameters, tmp_path)
    manifest = examples.manifests(name, tmp_path / "manifests")["airflow"]
    texts = {"headrace_store": str(tmp_path / "store"), **examples.json_texts(parameters)}
    python = {"python": python_of(name)} if python_of(name) else {}
    outcome = airflow_local.run(manifest, texts, examples.FOLDER, **python)
    assert outcome.state == "success", outcome.log
    assert outcome.result is not None
    assert wire.plain(outcome.result) == expected
