"""Runs the Argo manifest of a case in the model of the controller."""

import re
from pathlib import Path
from typing import Any

import yaml

from argo_local import STORE_PARAMETER, environment_of, expanded
from argo_model import Failed, Model
from conformance import suite
from conformance.steps_here import StepFailed, run_step
from conformance.suite import Case, Outcome, Run
from headrace.runtime import wire
from headrace.runtime.codecs import Artifacts
from headrace.runtime.store import open_store


def outcome(case: Case, run: Run, folder: Path) -> Outcome:
    """Return what Argo makes of `case`; what its steps leave is below `folder`.

    Raises:
        Stuck: the controller would hang, or end the run in Error.
    """
    (file,) = suite.emitted(case, "argo")[0]
    containers = _Containers(yaml.safe_load(file.text), case, folder)
    texts = {STORE_PARAMETER: containers.store, **suite.python_pipeline_parameters(run)}
    try:
        result = Model(containers.template, containers.run).run(**texts)
    except Failed:
        return suite.failed(containers.messages[0])
    return suite.succeeded(wire.plain(result, Artifacts(open_store(containers.store), lambda: "")))


class _Containers:
    """Runs the containers of one run, and keeps what those that failed say last."""

    def __init__(self, template: Any, case: Case, folder: Path) -> None:
        self.template = template
        self.messages: list[str] = []
        self.store = (folder / "store").as_uri()
        self._import_root = case.path.parent
        self._folder = folder
        self._variables = {
            **environment_of(template),
            "HEADRACE_STORE": self.store,
            "TMPDIR": str(folder),
        }

    def run(self, arguments: list[str]) -> dict[str, str]:
        outputs: dict[str, Path] = {}
        moved = []
        for text in (expanded(argument, self._variables) for argument in arguments):
            match = re.fullmatch(r"--output=([^=]+)=(.*)", text)
            if match:
                outputs[match[1]] = self._folder / "outputs" / match[1]
                text = f"--output={match[1]}={outputs[match[1]]}"
            moved.append(text)
        try:
            run_step(moved, self._variables, self._import_root, self._folder)
        except StepFailed as error:
            self.messages.append(str(error))
            raise Failed(str(error)) from None
        return {name: path.read_text() for name, path in outputs.items()}
