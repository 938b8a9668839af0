"""Runs the Argo manifest of a case in the model of the controller."""

import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from conformance import suite
from conformance.engines import argo_status
from conformance.evidence import Found
from conformance.steps_here import RunStep, StepFailed, run_step
from conformance.suite import Case, Outcome, Run
from headrace.compiler.target import ManifestFile
from headrace.runtime.codecs import Artifacts
from headrace.runtime.store import open_store
from models.argo import runs
from models.argo.pods import Ended, Pod, RunPod
from models.argo.processes import STORE_PARAMETER, moved, written
from models.argo.runs import Document
from models.argo.workflow import Ending, last_first


def outcome(case: Case, run: Run, folder: Path) -> Outcome:
    """Return what Argo makes of `case`; what its steps leave is below `folder`."""
    return found(case, run, folder).outcome


def found(case: Case, run: Run, folder: Path) -> Found:
    """Return the same, and with how many pods."""
    documents = read(suite.emitted(case, "argo")[0])
    store = (folder / "store").as_uri()
    parameters = {STORE_PARAMETER: store, **suite.python_pipeline_parameters(run)}

    def run_here(arguments: list[str], variables: Mapping[str, str], _: int) -> None:
        run_step(arguments, variables, case.path.parent, folder)

    return found_of(documents, parameters, steps_here(run_here, folder), store)


def read(files: Iterable[ManifestFile]) -> list[Document]:
    """Return the documents of a manifest."""
    return [document for file in files for document in runs.read(file.text)]


def outcome_of(
    documents: list[Document],
    parameters: dict[str, str],
    run_pod: RunPod,
    store: str,
    ending: Ending = last_first,
) -> Outcome:
    """Return what Argo makes of the manifest with these documents."""
    return found_of(documents, parameters, run_pod, store, ending).outcome


def found_of(
    documents: list[Document],
    parameters: dict[str, str],
    run_pod: RunPod,
    store: str,
    ending: Ending = last_first,
) -> Found:
    """Return the same, and with how many pods."""
    ended = runs.run(documents, parameters, run_pod, ending)
    artifacts = Artifacts(open_store(store), lambda: "")
    return argo_status.found(runs.as_status(ended), artifacts)


def steps_here(run_here: RunStep, folder: Path) -> RunPod:
    """Return what runs a container's step by `run_here`, its files below `folder`."""

    def run_pod(pod: Pod) -> Ended:
        outputs = Path(tempfile.mkdtemp(prefix="outputs-", dir=folder))
        command, variables = pod.started({"TMPDIR": str(folder)})
        assert command[0] == "headrace-step"
        attempt = re.search(r"\((\d+)\)$", pod.name)
        try:
            run_here(moved(command[1:], outputs), variables, int(attempt[1]) if attempt else 0)
        except StepFailed as error:
            return Ended(error.exit_code, written(pod, outputs), str(error))
        return Ended(0, written(pod, outputs))

    return run_pod
