"""The model makes of pipelines of the SDK what a real backend was seen to make of them."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.errors import RunFailed, RunStuck, Unsupported
from models.kubeflow.backend import Model, Refused, Values, parameters
from models.kubeflow.commands import command

FOLDER = Path(__file__).with_name("calibration")
SPECIFICATIONS: dict[str, Any] = {
    part.partition("\n")[0].removeprefix("# "): yaml.load(part, Loader=yaml.CSafeLoader)
    for part in (FOLDER / "pipelines.yaml").read_text().split("---\n")
}
RUNS: list[dict[str, Any]] = json.loads((FOLDER / "outcomes.json").read_text())

UNSUPPORTED = {"t7": "backoffMaxDuration: 10s", "t11": "artifacts"}
"""What the model does not have of the pipelines."""
OUTPUTS = "/tmp/kfp/outputs"


def _id(run: dict[str, Any]) -> str:
    return (
        f"{run['pipeline']} {json.dumps(run['parameters'])}"
        if run["parameters"]
        else run["pipeline"]
    )


SUPPORTED = [pytest.param(r, id=_id(r)) for r in RUNS if r["pipeline"] not in UNSUPPORTED]


class Processes:
    """Runs containers as processes whose outputs are below `folder`, and keeps what they print."""

    def __init__(self, specification: Mapping[str, Any], folder: Path, run: str) -> None:
        self._components = specification["components"]
        self._executors = specification["deploymentSpec"]["executors"]
        self._folder, self._run = folder, run
        self.printed: list[str] = []

    def __call__(self, component: str, inputs: Values, attempt: int) -> dict[str, str]:
        declared = self._components[component]
        container = self._executors[declared["executorLabel"]]["container"]
        names = parameters(declared, "outputDefinitions")
        root = self._folder / str(len(list(self._folder.iterdir())))
        root.mkdir()
        paths = {name: f"{OUTPUTS}/{name}" for name in names}
        program, *given = command(container, inputs, paths, self._run)
        given = [text.replace(OUTPUTS, str(root)) for text in given]
        program = sys.executable if program == "python3" else program
        variables = {"PATH": os.environ["PATH"], "KFP_RETRY_INDEX": str(attempt)}
        done = subprocess.run(
            [program, *given], env=variables, capture_output=True, text=True, check=False
        )
        lines = done.stdout.replace(str(root), OUTPUTS).splitlines()
        self.printed += [line for line in lines if _is_compared(line)]
        if done.returncode:
            raise RunFailed(done.stderr)
        return {path.name: path.read_text() for path in root.iterdir()}


def _is_compared(line: str) -> bool:
    return line.startswith(("ARGV", "failing")) and not line.startswith("ARGV user")


def _state(specification: Mapping[str, Any], run: Mapping[str, Any], processes: Processes) -> str:
    try:
        model = Model(specification, processes, run.get("run", "run"))
        model.run(**run["parameters"])
    except Refused as error:
        return str(error).partition(":")[0]
    except (RunFailed, RunStuck):
        return "FAILED"
    return "SUCCEEDED"


@pytest.mark.parametrize("run", SUPPORTED)
def test_the_model_does_what_the_backend_did(run: dict[str, Any], tmp_path: Path) -> None:
    specification = SPECIFICATIONS[run["pipeline"]]
    processes = Processes(specification, tmp_path, run.get("run", "run"))
    state = _state(specification, run, processes)
    found = sorted(_without_pods(line) for line in processes.printed)
    wanted = sorted(_without_pods(line) for line in run["printed"])
    assert state == run["state"]
    if state == "SUCCEEDED" or not _by_driver(run):
        assert found == wanted
    else:
        # What does not depend on a driver that failed goes on; here it does not.
        assert set(found) <= set(wanted)


def _by_driver(run: Mapping[str, Any]) -> bool:
    """Whether the run failed, but not because a container did."""
    return not any(line.startswith("failing") for line in run["printed"])


def _without_pods(line: str) -> str:
    return re.sub(r"([\w-]+?)-(?:system-container-(?:driver|impl)-\d+|pod)\b", r"\1-pod", line)


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_the_model_says_what_it_does_not_have(name: str, tmp_path: Path) -> None:
    specification = SPECIFICATIONS[name]
    with pytest.raises(Unsupported) as raised:
        Model(specification, Processes(specification, tmp_path, "run")).run()
    assert str(raised.value) == UNSUPPORTED[name]


def test_the_corpus_is_whole() -> None:
    assert {run["pipeline"] for run in RUNS} == SPECIFICATIONS.keys()
    assert {run["state"] for run in RUNS} == {"SUCCEEDED", "FAILED", "HTTP 400", "HTTP 500"}
    assert len(SUPPORTED) >= 45
