"""Runs a case with the local runner."""

import json
from pathlib import Path

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
        return suite.succeeded(done.result)
    record = json.loads((folder / ".headrace" / "runs" / done.run / "run.json").read_text())
    messages = [each["message"] for each in record["steps"] if each["state"] == "failed"]
    return suite.failed(messages[0] if messages else done.message)
