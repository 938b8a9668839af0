"""What real engines gave is kept, compared with what Python gives, and shown in the documents."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from conformance import evidence, page, suite
from conformance.evidence import Evidence, Found
from conformance.selection import TOLD
from conformance.suite import CASES, Outcome
from headrace.compiler.target import ManifestFile

CASE = CASES["failing_step"]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Evidence:
    monkeypatch.setattr(evidence, "FOLDER", tmp_path / "evidence")
    found = Evidence("argo", "4.1.2")
    monkeypatch.setattr(evidence, "kept", lambda: (found,))
    return found


def test_the_table_is_up_to_date(record_property: Callable[[str, object], None]) -> None:
    for line in page.counts_in_words():
        record_property(TOLD, line)
    text = page.PAGE.read_text()
    assert page.filled(text) == text, "make readme rewrites it"


def test_the_digest_of_a_manifest_is_that_of_its_files_in_name_order() -> None:
    files = [ManifestFile("b.yaml", "2\n"), ManifestFile("a.yaml", "1\n")]
    # printf '1\n2\n' | sha256sum
    wanted = "a6e2b7a040683432de03a18fd8a1939a2fdf82585b364bfc874bdd4095c4cae1"
    assert evidence.digest(files) == evidence.digest(files[::-1]) == f"sha256:{wanted}"


def test_what_is_kept_is_what_is_read(kept: Evidence) -> None:
    for number, run in enumerate(CASE.runs):
        kept.add(CASE, number, Found(suite.expected(CASE, run), pods=1))
    kept.write()
    assert evidence.read("argo", "4.1.2") == kept
    assert list(json.loads(kept.path.read_text())["cases"]) == [
        "failing_step",
        "failing_step-1",
        "failing_step-2",
    ]
    assert kept.cases["failing_step-1"] == {
        "manifest": kept.cases["failing_step"]["manifest"],
        "parameters": {"n": 7},
        "state": "failed",
        "result": None,
        "error": "ValueError: 7",
        "pods": 1,
    }
    assert evidence.state(CASE, "argo") == ("proven", "4.1.2")


def test_a_case_is_proven_by_all_its_runs(kept: Evidence) -> None:
    assert evidence.state(CASE, "argo") == ("unproven", "")
    kept.add(CASE, 0, Found(suite.expected(CASE, {}), pods=1))
    assert evidence.state(CASE, "argo") == ("partly proven", "4.1.2: 1 of 3 runs")
    assert evidence.state(CASE, "airflow") == ("unproven", "")


def test_a_run_that_an_engine_ended_in_neither_state_proves_nothing(kept: Evidence) -> None:
    kept.add(CASES["a_step"], 0, Found(Outcome("neither", None, "Error: lost"), pods=1))
    assert evidence.state(CASES["a_step"], "argo") == ("unproven", "")


@pytest.mark.parametrize("changed", [{"manifest": "sha256:0"}, {"parameters": {"n": 8}}])
def test_evidence_of_another_manifest_or_another_run_is_stale(
    kept: Evidence, changed: dict[str, object]
) -> None:
    case = CASES["a_step"]
    kept.add(case, 0, Found(suite.expected(case, {}), pods=1))
    kept.cases["a_step"] |= changed
    assert kept.current(case, 0) is None
    assert evidence.state(case, "argo") == ("stale", "4.1.2")


def test_a_case_that_a_target_refuses_says_why() -> None:
    case = replace(CASES["a_step"], refused={"argo": "clairvoyance"})
    assert evidence.state(case, "argo") == ("refused", "clairvoyance")


@pytest.mark.parametrize(
    ("found", "wanted", "same"),
    [
        (Outcome("succeeded", 1, ""), Outcome("succeeded", 1, ""), True),
        (Outcome("succeeded", 1, ""), Outcome("succeeded", 1.0, ""), False),
        (Outcome("succeeded", "x" * 5000, ""), Outcome("succeeded", "x" * 5000, ""), True),
        (Outcome("succeeded", "x" * 5000, ""), Outcome("succeeded", "x" * 5001, ""), False),
        (Outcome("failed", None, "A: 1\nB: 2"), Outcome("failed", None, "B: 2"), True),
        (Outcome("failed", None, "A: 1"), Outcome("failed", None, "B: 2"), False),
        (Outcome("neither", None, "Error: it hangs"), Outcome("failed", None, "B: 2"), False),
        (Outcome("neither", "x" * 5000, ""), Outcome("succeeded", "x" * 5000, ""), False),
    ],
)
def test_evidence_agrees_with_python_in_every_kind_and_digit(
    kept: Evidence, found: Outcome, wanted: Outcome, same: bool
) -> None:
    kept.add(CASE, 0, Found(found, pods=1))
    kept.write()
    entry = evidence.read("argo", "4.1.2").cases["failing_step"]
    assert evidence.agrees(entry, wanted) is same
