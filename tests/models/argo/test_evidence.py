"""The model makes of every case what the evidence says that a real controller made of it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance import argo_execution, evidence
from conformance.evidence import Evidence
from conformance.selection import TOLD
from conformance.suite import CASES, Case

ENGINE, VERSION = "argo", "4.1.2"
KEPT: Evidence = evidence.read(ENGINE, VERSION)
RUNS = [
    pytest.param(case, number, id=evidence.entry_name(case, number))
    for case in CASES.values()
    for number in range(len(case.runs))
    if evidence.entry_name(case, number) in KEPT.cases
]


@pytest.mark.parametrize(("case", "number"), RUNS)
def test_the_model_does_what_the_controller_did(case: Case, number: int, tmp_path: Path) -> None:
    entry = KEPT.current(case, number)
    if entry is None:  # of a manifest that is no longer the one that is compiled
        assert evidence.state(case, ENGINE)[0] in ("stale", "partly proven")
        return
    found = argo_execution.found(case, case.runs[number], tmp_path)
    kept = Evidence(ENGINE, VERSION)
    kept.add(case, number, found)
    modelled = kept.cases[evidence.entry_name(case, number)]
    assert _sorted(json.loads(json.dumps(modelled))) == _sorted(entry)


def _sorted(entry: evidence.Entry) -> evidence.Entry:
    """Return an entry in which what failed stands in no order: pods run side by side."""
    return {**entry, "error": sorted(entry.get("error", "").splitlines())}


def test_how_much_of_the_evidence_is_of_the_manifests_of_today(
    record_property: Callable[[str, object], None],
) -> None:
    current = sum(KEPT.current(*param.values) is not None for param in RUNS)  # type: ignore[arg-type]
    record_property(
        TOLD, f"the model of Argo is held to {current} of {len(RUNS)} runs of its evidence"
    )
    assert len(RUNS) == len(KEPT.cases)
    assert {entry["state"] for entry in KEPT.cases.values()} >= {"succeeded", "failed"}
