"""Promise 3 on Kubeflow's own `kfp.local`: what it makes of a case is what CPython gives."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

import kubeflow_local
from conformance import kubeflow_local_execution, suite
from conformance.kubeflow_execution import LONGEST
from conformance.selection import TOLD, agree, parametrize_runs
from conformance.suite import CASES, Case, Run

pytestmark = pytest.mark.kubeflow

PARTS = ["call_same_step_often", "effect_after_effect_in_arms", "finally_and_early_values"]
"""Cases that are also run with their DAGs divided: values, effects and guards across parts."""

TAKEN = [case for case in CASES.values() if "kubeflow" not in case.refused]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "run" not in metafunc.fixturenames:
        return
    # To choose takes seconds, which only the environment where the chosen ones run should pay.
    may_choose = not metafunc.config.getoption("--all-runs") and find_spec("kfp")
    cases = kubeflow_local_execution.chosen(TAKEN) if may_choose else TAKEN
    parametrize_runs(metafunc, cases)


@pytest.mark.parametrize("taken", TAKEN, ids=[case.name for case in TAKEN])
def test_the_sdk_loads_the_manifest(taken: Case, tmp_path: Path) -> None:
    from kfp import components

    text = kubeflow_local_execution.manifest(taken, tmp_path).read_text(encoding="utf-8")
    loaded = components.load_component_from_text(text)
    assert loaded.pipeline_spec == kubeflow_local.parsed(next(yaml.safe_load_all(text)))


@pytest.mark.parametrize("taken", TAKEN, ids=[case.name for case in TAKEN])
def test_the_sdk_loads_a_manifest_of_parts(taken: Case, tmp_path: Path) -> None:
    from kfp import components

    whole = kubeflow_local_execution.manifest(taken, tmp_path).read_text(encoding="utf-8")
    path = kubeflow_local_execution.manifest(taken, tmp_path, LONGEST)
    text = path.read_text(encoding="utf-8")
    if text == whole:  # then it is the one of the test above
        return
    loaded = components.load_component_from_text(text)
    assert loaded.pipeline_spec == kubeflow_local.parsed(next(yaml.safe_load_all(text)))


@pytest.mark.parametrize("name", PARTS)
def test_kfp_local_runs_parts(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    found = kubeflow_local_execution.outcome(case, case.runs[0], tmp_path, LONGEST)
    (path,) = tmp_path.glob("*.yaml")
    text = path.read_text(encoding="utf-8")
    assert "\n  comp-root-part:\n" in text
    wanted = suite.expected(case, case.runs[0])
    assert agree(found, wanted), f"{found}\nis not\n{wanted}"


def test_the_cases_that_are_run_have_every_construct(
    record_property: Callable[[str, object], None],
) -> None:
    chosen = kubeflow_local_execution.chosen(TAKEN)
    text = (
        f"kfp.local runs {len(chosen)} cases; {len(TAKEN) - len(chosen)} more are only loaded: "
        "there is no time for their containers (--all-runs runs them too)"
    )
    record_property(TOLD, text)
    every = set().union(*map(kubeflow_local_execution.constructs, TAKEN))
    assert set().union(*map(kubeflow_local_execution.constructs, chosen)) == every


def test_kfp_local_gives_what_python_gives(case: Case, run: Run, tmp_path: Path) -> None:
    found = kubeflow_local_execution.outcome(case, run, tmp_path)
    wanted = suite.expected(case, run)
    assert agree(found, wanted), f"{found}\nis not\n{wanted}"
