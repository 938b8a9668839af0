"""Runs a case with the local runner."""

import json
from pathlib import Path
from typing import Any

import pytest

from conformance import suite
from conformance.suite import Case, Outcome, Run
from headrace.targets.local import run_pipeline


def outcome(case: Case, run: Run, folder: Path) -> Outcome:
    """Return what a local run makes of `case`; what it leaves is below `folder`."""
    compilation = suite.compiled(case)
    assert compilation.pipeline is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        done = run_pipeline(
            compilation.pipeline,
            parameters=suite.python_pipeline_parameters(run),
            import_path=compilation.import_path,
            project_folder=folder,
            progress=False,
        )
    if done.state == "succeeded":
        return suite.succeeded(_without_paths(done.result))
    record = json.loads((folder / ".headrace" / "runs" / done.run / "run.json").read_text())
    messages = [each["message"] for each in record["steps"] if each["state"] == "failed"]
    return suite.failed(messages[0] if messages else done.message)


def _without_paths(value: Any) -> Any:
    """Return `value` without where a local run has put copies of artifacts."""
    if isinstance(value, list):
        return [_without_paths(each) for each in value]
    if isinstance(value, dict):
        is_artifact = {"kind", "digest", "path"} <= value.keys()
        kept = {k: v for k, v in value.items() if not (is_artifact and k == "path")}
        return {key: _without_paths(each) for key, each in kept.items()}
    return value
