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
    containers = _Containers(yaml.safe_load(file.text), case, api, namespace, folder, store)
    texts = {STORE_PARAMETER: store, **suite.python_pipeline_parameters(run)}
    try:
        result = Model(containers.template, containers.run).run(**texts)
    except Failed:
        return suite.failed(containers.messages[0])
    return suite.succeeded(wire.plain(result, Artifacts(open_store(store), lambda: "")))


class _Containers:
    """Runs the containers of one run, and keeps what those that failed say last."""

    def __init__(
        self, template: Any, case: Case, api: Any, namespace: str, folder: Path, store: str
    ) -> None:
        self.template = template
        self.messages: list[str] = []
        self._working_folder = working_folder(case)
        self._api, self._namespace, self._folder = api, namespace, folder
        self._variables = {**environment_of(template), "HEADRACE_STORE": store}

    def run(self, arguments: list[str]) -> dict[str, str]:
        outputs = Path(tempfile.mkdtemp(dir=self._folder))
        container = {
            "image": suite.IMAGE,
            "command": ["headrace-step"],
            "args": arguments,
            "workingDir": self._working_folder,
            "env": [
                {"name": name, "value": value}
                for name, value in (*self._variables.items(), ("TMPDIR", str(self._folder)))
            ],
            "volumeMounts": [
                {"name": "shared", "mountPath": str(self._folder)},
                {"name": "outputs", "mountPath": OUTPUT_FOLDER},
            ],
        }
        volumes = [
            {"name": "shared", "hostPath": {"path": str(self._folder)}},
            {"name": "outputs", "hostPath": {"path": str(outputs)}},
        ]
        ended = step_pods.run(self._api, self._namespace, container, volumes=volumes)
        if ended.exit_code:
            self.messages.append(ended.message)
            raise Failed(ended.log)
        return {path.name: path.read_text(encoding="utf-8") for path in outputs.iterdir()}
