"""Runs the Kubeflow manifest of a case in the model of the backend."""

import json
from pathlib import Path
from typing import Any

import yaml

from conformance import suite
from conformance.steps_here import StepFailed, run_step
from conformance.suite import Case, Outcome, Run
from headrace.runtime import wire
from headrace.runtime.codecs import Artifacts
from headrace.runtime.command_line import parse
from headrace.runtime.store import open_store
from headrace.targets.kubeflow import KubeflowTarget
from kubeflow_model import Failed, Model, Values, command, parameters

LONGEST = 1_300
"""The bytes of a DAG of three tasks or so."""

STORE_PARAMETER = "headrace-store"


def outcome(case: Case, run: Run, folder: Path) -> Outcome:
    """Return what Kubeflow makes of `case`; what its steps leave is below `folder`.

    Raises:
        Stuck: the backend would refuse the run, or lose a value of it.
    """
    (file,) = suite.emitted(case, "kubeflow")[0]
    return _outcome(next(yaml.safe_load_all(file.text)), case, run, folder)


def outcome_of_parts(case: Case, run: Run, folder: Path) -> Outcome:
    """Return the same for the manifest whose DAGs are divided into parts of a few tasks."""
    return _outcome(specification_of_parts(case), case, run, folder)


def specification_of_parts(case: Case) -> Any:
    """Return the specification of `case` in which no DAG of more than a few tasks is left."""
    pipeline = suite.compiled(case).pipeline
    assert pipeline is not None
    file, *_ = KubeflowTarget(LONGEST).emit(pipeline)
    return next(yaml.load_all(file.text, Loader=yaml.CSafeLoader))


def _outcome(spec: Any, case: Case, run: Run, folder: Path) -> Outcome:
    containers = _Containers(spec, case, folder)
    texts = {STORE_PARAMETER: containers.store, **suite.python_pipeline_parameters(run)}
    try:
        result = Model(spec, containers.run).run(**texts)
    except Failed:
        return suite.failed(containers.messages[0])
    # The API gives no outputs: the result must stand in a log, and in one only.
    assert containers.printed == ([] if result is None else [result])
    artifacts = Artifacts(open_store(containers.store), lambda: "")
    return suite.succeeded(None if result is None else wire.plain(result, artifacts))


class _Containers:
    """Runs the containers of one run, and keeps what those that failed say last."""

    def __init__(self, spec: Any, case: Case, folder: Path) -> None:
        self.messages: list[str] = []
        self.printed: list[str] = []
        self.store = (folder / "store").as_uri()
        self._spec = spec
        self._import_root = case.path.parent
        self._folder = folder

    def run(self, component: str, inputs: Values) -> Values:
        declared = self._spec["components"][component]
        container = self._spec["deploymentSpec"]["executors"][declared["executorLabel"]][
            "container"
        ]
        outputs = parameters(declared, "outputDefinitions")
        paths = {key: self._folder / "outputs" / key for key in outputs}
        program, *arguments = command(container, inputs, {k: str(p) for k, p in paths.items()})
        assert program == "headrace-step"
        variables = {each["name"]: each["value"] for each in container.get("env", ())}
        variables["TMPDIR"] = str(self._folder)
        try:
            run_step(arguments, variables, self._import_root, self._folder)
        except StepFailed as error:
            self.messages.append(str(error))
            raise Failed(str(error)) from None
        parsed = parse(arguments)
        if parsed.result is not None:
            self.printed.append(Path(parsed.paths[parsed.result]).read_text())
        texts = {key: path.read_text() for key, path in paths.items()}
        types = {key: spec["parameterType"] for key, spec in outputs.items()}
        return {k: json.loads(text) if types[k] == "LIST" else text for k, text in texts.items()}
