"""Promise 3: what a pipeline gives is what CPython gives, on every target that takes it."""

import ast
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance import argo_execution, kubeflow_execution, local_execution, suite
from conformance.suite import CASES, Case, Outcome, Run
from headrace.compiler.registry import MANIFEST_TARGETS

EXECUTIONS: dict[str, Callable[[Case, Run, Path], Outcome]] = {
    "local": local_execution.outcome,
    "argo": argo_execution.outcome,
    "kubeflow": kubeflow_execution.outcome,
}

RUNS = [
    pytest.param(case, run, id=f"{case.name}-{number}")
    for case in CASES.values()
    for number, run in enumerate(case.runs)
]


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_targets_take_a_case_or_refuse_it_as_it_says(case: Case) -> None:
    assert [d.message for d in suite.compiled(case).diagnostics] == []
    found = {}
    for target in MANIFEST_TARGETS:
        files, refused = suite.emitted(case, target)
        assert bool(files) is not bool(refused), target
        if refused:
            found[target] = ", ".join(refused)
    assert found == case.refused


@pytest.mark.parametrize(("case", "run"), RUNS)
def test_a_run_gives_what_python_gives(case: Case, run: Run, tmp_path: Path) -> None:
    wanted = suite.expected(case, run)
    executions = {n: execute for n, execute in EXECUTIONS.items() if n not in case.refused}
    found = {}
    for name, outcome in executions.items():
        (tmp_path / name).mkdir()
        found[name] = outcome(case, run, tmp_path / name).text
    assert found == dict.fromkeys(executions, wanted.text)


def test_the_cases_are_plain_modules_of_one_idea_each() -> None:
    assert len(CASES) >= 170
    for case in CASES.values():
        tree = ast.parse(case.path.read_text(encoding="utf-8"))
        assert len((ast.get_docstring(tree) or "").splitlines()) == 1, case.name
        assert case.runs, case.name
        assert set(case.refused) < {*EXECUTIONS, *MANIFEST_TARGETS} - {"local"}, case.name
        assert case.name not in sys.stdlib_module_names
        for node in ast.walk(tree):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            module = node.module if isinstance(node, ast.ImportFrom) else None
            assert not any(n.split(".")[0] == "headrace" for n in (*names, module or "")), case.name
