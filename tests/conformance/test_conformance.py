"""Promise 3: what a pipeline gives is what CPython gives, on every target that takes it."""

import ast
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from conformance import argo_execution, evidence, kubeflow_execution, local_execution, suite
from conformance.selection import agree
from conformance.suite import CASES, Case, Outcome, Run
from headrace.compiler.registry import MANIFEST_TARGETS

EXECUTIONS: dict[str, Callable[[Case, Run, Path], Outcome]] = {
    "local": local_execution.outcome,
    "argo": argo_execution.outcome,
    "kubeflow": kubeflow_execution.outcome,
}

RUNS = [
    pytest.param(case, number, id=f"{case.name}-{number}")
    for case in CASES.values()
    for number in range(len(case.runs))
]

KUBEFLOW = [case for case in CASES.values() if "kubeflow" not in case.refused]
"""The cases that Kubeflow takes, which are also run with their DAGs divided."""


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


@pytest.mark.parametrize(("case", "number"), RUNS)
def test_a_run_gives_what_python_gives(case: Case, number: int, tmp_path: Path) -> None:
    run = case.runs[number]
    wanted = suite.expected(case, run)
    executions = {n: execute for n, execute in EXECUTIONS.items() if n not in case.refused}
    found = {}
    for name, outcome in executions.items():
        (tmp_path / name).mkdir()
        found[name] = outcome(case, run, tmp_path / name)
    assert {name: each.text for name, each in found.items() if not agree(each, wanted)} == {}, (
        wanted.text
    )
    for kept in evidence.kept():
        entry = kept.current(case, number)
        assert entry is None or evidence.agrees(entry, wanted), (kept.engine, kept.version, entry)


def _has_parts(case: Case) -> bool:
    return any(
        re.search(r"-part(-\d+)?$", name)
        for name in kubeflow_execution.specification_of_parts(case)["components"]
    )


@pytest.mark.parametrize("case", KUBEFLOW, ids=[case.name for case in KUBEFLOW])
def test_parts_give_what_python_gives(case: Case, tmp_path: Path) -> None:
    if not _has_parts(case):  # then the manifest is the one of the test above
        (file,) = suite.emitted(case, "kubeflow")[0]
        whole = next(yaml.safe_load_all(file.text))
        assert kubeflow_execution.specification_of_parts(case) == whole
        return
    run = case.runs[-1]
    found = kubeflow_execution.outcome_of_parts(case, run, tmp_path)
    wanted = suite.expected(case, run)
    assert agree(found, wanted), f"{found}\nis not\n{wanted}"


def test_many_cases_have_parts() -> None:
    assert sum(map(_has_parts, KUBEFLOW)) >= 100


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
