"""Runs the Argo manifest of a case in the model of its controller, its containers as pods.

What the kubelet, containerd and the step image make of a step is real; what follows what is
modelled. It needs the environment `.venvs/airflow`.
"""

import tempfile
from pathlib import Path
from typing import Any

from cluster import step_pods
from cluster.images import working_folder
from conformance import suite
from conformance.argo_execution import outcome_of, read
from conformance.suite import Case, Outcome, Run
from headrace.compiler import driver
from headrace.targets.argo.steps import OUTPUT_FOLDER
from models.argo.pods import Ended, Pod, RunPod
from models.argo.processes import STORE_PARAMETER, written


def outcome(case: Case, run: Run, api: Any, namespace: str, folder: Path) -> Outcome:
    """Return what the pods of `case` make of it; all of them see `folder` of this machine."""
    store = (folder / "store").as_uri()
    run_pod = _run_by(case, api, namespace, folder, shares_folder=True)
    parameters = {STORE_PARAMETER: store, **suite.python_pipeline_parameters(run)}
    return outcome_of(read(suite.emitted(case, "argo")[0]), parameters, run_pod, store)


def outcome_with_store(
    case: Case, run: Run, api: Any, namespace: str, folder: Path, settings: tuple[str, ...]
) -> Outcome:
    """Return what the pods of `case` make of it, which share the store of `settings` and no file.

    `folder` of this machine is where their outputs are, each pod's for itself.
    """
    compilation = driver.compile_source(case.path, settings=(f"image={suite.IMAGE}", *settings))
    files = driver.emit(compilation, ["argo"])["argo"]
    assert compilation.pipeline is not None
    store = compilation.pipeline.settings.store
    assert store is not None
    run_pod = _run_by(case, api, namespace, folder, shares_folder=False)
    parameters = {STORE_PARAMETER: store, **suite.python_pipeline_parameters(run)}
    return outcome_of(read(files), parameters, run_pod, store)


def _run_by(case: Case, api: Any, namespace: str, folder: Path, *, shares_folder: bool) -> RunPod:
    def run_pod(pod: Pod) -> Ended:
        outputs = Path(tempfile.mkdtemp(dir=folder))
        volumes = {"outputs": (outputs, OUTPUT_FOLDER)}
        variables = list(pod.container["env"])
        if shares_folder:
            volumes["shared"] = (folder, str(folder))
            variables.append({"name": "TMPDIR", "value": str(folder)})
        container = {
            **pod.container,
            "image": suite.IMAGE,
            "workingDir": working_folder(case),
            "env": variables,
            "volumeMounts": [{"name": n, "mountPath": at} for n, (_, at) in volumes.items()],
        }
        paths = [{"name": n, "hostPath": {"path": str(p)}} for n, (p, _) in volumes.items()]
        ended = step_pods.run(api, namespace, container, volumes=paths)
        return Ended(ended.exit_code, written(pod, outputs), ended.message)

    return run_pod
