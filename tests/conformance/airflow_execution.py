"""Runs the DAG file of a case with Airflow's own `dag.test()`, its pods as processes."""

from pathlib import Path

import airflow_local
from conformance import suite
from conformance.suite import Case, Outcome, Run
from headrace.runtime import wire
from headrace.runtime.codecs import Artifacts
from headrace.runtime.store import open_store
from headrace.targets.airflow.emit import STORE_PARAMETER

STATES = ("success", "failed")
"""The states in which Airflow lets a run end."""


def outcome(case: Case, run: Run, folder: Path) -> Outcome:
    """Return what Airflow makes of `case`; what its steps leave is below `folder`.

    The error of a failed run has the message of each pod that failed, a line each: Airflow starts
    what does not depend on a failed task, so that there may be several.
    """
    (file,) = suite.emitted(case, "airflow")[0]
    dag_file = folder / file.name
    dag_file.write_text(file.text, encoding="utf-8")
    store = (folder / "store").as_uri()
    texts = {STORE_PARAMETER: store, **suite.python_pipeline_parameters(run)}
    done = airflow_local.run(dag_file, texts, case.path.parent, temporary=folder)
    assert done.state in STATES, done.log
    if done.state == "failed":
        messages = [pod["message"] for pod in done.pods if pod["exit_code"]]
        assert messages, done.log
        return suite.failed("\n".join(messages))
    assert done.result is not None, done.log
    return suite.succeeded(wire.plain(done.result, Artifacts(open_store(store), lambda: "")))
