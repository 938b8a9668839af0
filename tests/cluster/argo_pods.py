"""Runs the Argo manifest of a case in the model of its controller, its containers as pods.

What the kubelet, containerd and the step image make of a step is real; what follows what is
modelled. It needs the environment `.venvs/airflow`.
"""

import tempfile
from pathlib import Path
from typing import Any

import yaml

from argo_local import STORE_PARAMETER, environment_of
from argo_model import Failed, Model
from cluster import step_pods
from cluster.images import working_folder
from conformance import suite
from conformance.suite import Case, Outcome, Run
from headrace.compiler import driver
from headrace.runtime import wire
from headrace.runtime.codecs import Artifacts
from headrace.runtime.store import open_store
from headrace.targets.argo.steps import OUTPUT_FOLDER


def outcome(case: Case, run: Run, api: Any, namespace: str, folder: Path) -> Outcome:
    """Return what the pods of `case` make of it; `folder` of this machine is seen by all of them.

    Raises:
        Stuck: the controller would hang, or end the run in Error.
    """
    (file,) = suite.emitted(case, "argo")[0]
    store = (folder / "store").as_uri()
    template = yaml.safe_load(file.text)
    containers = _Containers(template, case, api, namespace, folder, store)
    return _outcome(template, containers, run, store)


def outcome_with_store(
    case: Case, run: Run, api: Any, namespace: str, folder: Path, settings: tuple[str, ...]
) -> Outcome:
    """Return what the pods of `case` make of it, which share the store of `settings` and no file.

    `folder` of this machine is where their outputs are, each pod's for itself.

    Raises:
        Stuck: the controller would hang, or end the run in Error.
    """
    compilation = driver.compile_source(case.path, settings=(f"image={suite.IMAGE}", *settings))
    (file,) = driver.emit(compilation, ["argo"])["argo"]
    assert compilation.pipeline is not None
    store = compilation.pipeline.settings.store
    assert store is not None
    template = yaml.safe_load(file.text)
    containers = _Containers(template, case, api, namespace, folder, store, shares_folder=False)
    return _outcome(template, containers, run, store)


def _outcome(template: Any, containers: "_Containers", run: Run, store: str) -> Outcome:
    texts = {STORE_PARAMETER: store, **suite.python_pipeline_parameters(run)}
    try:
        result = Model(template, containers.run).run(**texts)
    except Failed:
        return suite.failed(containers.messages[0])
    return suite.succeeded(wire.plain(result, Artifacts(open_store(store), lambda: "")))


class _Containers:
    """Runs the containers of one run, and keeps what those that failed say last."""

    def __init__(
        self,
        template: Any,
        case: Case,
        api: Any,
        namespace: str,
        folder: Path,
        store: str,
        *,
        shares_folder: bool = True,
    ) -> None:
        self.messages: list[str] = []
        self._working_folder = working_folder(case)
        self._api, self._namespace, self._folder = api, namespace, folder
        self._shares_folder = shares_folder
        values = {**environment_of(template), "HEADRACE_STORE": store}
        values |= {"TMPDIR": str(folder)} if shares_folder else {}
        self._variables = [{"name": name, "value": value} for name, value in values.items()]
        self._variables += _referred(template)

    def run(self, arguments: list[str]) -> dict[str, str]:
        outputs = Path(tempfile.mkdtemp(dir=self._folder))
        volumes = {"outputs": (outputs, OUTPUT_FOLDER)}
        if self._shares_folder:
            volumes["shared"] = (self._folder, str(self._folder))
        container = {
            "image": suite.IMAGE,
            "command": ["headrace-step"],
            "args": arguments,
            "workingDir": self._working_folder,
            "env": self._variables,
            "volumeMounts": [{"name": n, "mountPath": at} for n, (_, at) in volumes.items()],
        }
        paths = [{"name": n, "hostPath": {"path": str(p)}} for n, (p, _) in volumes.items()]
        ended = step_pods.run(self._api, self._namespace, container, volumes=paths)
        if ended.exit_code:
            self.messages.append(ended.message)
            raise Failed(ended.log)
        return {path.name: path.read_text(encoding="utf-8") for path in outputs.iterdir()}


def _referred(template: Any) -> list[dict[str, Any]]:
    """Return the variables from secrets and config maps, which all containers must have alike."""
    found = [
        [variable for variable in each["container"].get("env", []) if "valueFrom" in variable]
        for each in template["spec"]["templates"]
        if "container" in each
    ]
    assert all(each == found[0] for each in found)
    return found[0] if found else []
