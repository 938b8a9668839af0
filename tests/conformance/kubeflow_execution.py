"""Runs the Kubeflow manifest of a case in the model of the backend."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from conformance import suite
from conformance.steps_here import RunStep, StepFailed, run_step
from conformance.suite import Case, Outcome, Run
from headrace.runtime import wire
from headrace.runtime.codecs import Artifacts
from headrace.runtime.command_line import parse
from headrace.runtime.store import open_store
from headrace.targets.kubeflow import KubeflowTarget
from models import kubernetes
from models.errors import RunFailed
from models.kubeflow.backend import Model, Values, parameters
from models.kubeflow.commands import command

LONGEST = 1_300
"""The bytes of a DAG of three tasks or so."""

STORE_PARAMETER = "headrace-store"


def outcome(case: Case, run: Run, folder: Path) -> Outcome:
    """Return what Kubeflow makes of `case`; what its steps leave is below `folder`.

    Raises:
        RunStuck: the backend would refuse the run, or lose a value of it.
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
    def run_here(arguments: list[str], variables: Mapping[str, str], _: int) -> None:
        run_step(arguments, variables, case.path.parent, folder)

    return outcome_of(spec, suite.python_pipeline_parameters(run), run_here, folder)


def outcome_of(
    spec: Any, parameters: Mapping[str, str], run_here: RunStep, folder: Path
) -> Outcome:
    """Return what Kubeflow makes of the pipeline `spec`.

    Raises:
        RunStuck: the backend would refuse the run, or lose a value of it.
    """
    containers = _Containers(spec, run_here, folder)
    texts = {STORE_PARAMETER: containers.store, **parameters}
    try:
        result = Model(spec, containers.run).run(**texts)
    except RunFailed:
        return suite.failed("\n".join(containers.messages))
    # The API gives no outputs: the result must stand in a log, and in one only.
    assert containers.printed == ([] if result is None else [result])
    artifacts = Artifacts(open_store(containers.store), lambda: "")
    return suite.succeeded(None if result is None else wire.plain(result, artifacts))


class _Containers:
    """Runs the containers of one run, and keeps what those that failed say last."""

    def __init__(self, spec: Any, run_here: RunStep, folder: Path) -> None:
        self.messages: list[str] = []
        self.printed: list[str] = []
        self.store = (folder / "store").as_uri()
        self._spec = spec
        self._run_here = run_here
        self._folder = folder

    def run(self, component: str, inputs: Values, attempt: int) -> dict[str, str]:
        declared = self._spec["components"][component]
        container = self._spec["deploymentSpec"]["executors"][declared["executorLabel"]][
            "container"
        ]
        outputs = parameters(declared, "outputDefinitions")
        folder = Path(tempfile.mkdtemp(prefix="outputs-", dir=self._folder))
        paths = {key: folder / key for key in outputs}
        variables = kubernetes.environment(container, {"TMPDIR": str(self._folder)})
        places = {key: str(path) for key, path in paths.items()}
        program, *arguments = command(container, inputs, places, variables=variables)
        assert program == "headrace-step"
        try:
            self._run_here(arguments, variables, attempt)
        except StepFailed as error:
            self.messages.append(str(error))
            raise RunFailed(str(error)) from None
        parsed = parse(arguments)
        if parsed.result is not None:
            self.printed.append(Path(parsed.paths[parsed.result]).read_text())
        return {key: path.read_text() for key, path in paths.items()}
