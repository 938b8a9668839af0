"""Runs the containers of Argo's model as processes of this machine."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from headrace.targets.argo.steps import OUTPUT_FOLDER
from models.argo import runs
from models.argo.pods import Ended, Pod

STORE_PARAMETER = "headrace-store"


def run(
    manifest_path: Path,
    parameters: Mapping[str, str],
    code_dir: Path,
    python: str | Path = sys.executable,
) -> str:
    """Run the WorkflowTemplate in `manifest_path` once; return the text of its result.

    Containers run the `headrace-step` beside the interpreter `python`, in the folder `code_dir`;
    `parameters` are the run's JSON texts by name.

    Raises:
        RunFailed: a step failed.
        RunStuck: the run hangs, or the controller ends it in Error.
    """

    def run_pod(pod: Pod) -> Ended:
        with tempfile.TemporaryDirectory() as folder:
            return _process(pod, code_dir, Path(python), Path(folder))

    return runs.result(runs.read(manifest_path), parameters, run_pod)


def _process(pod: Pod, code_dir: Path, python: Path, folder: Path) -> Ended:
    message = folder / "termination-log"
    message.touch()
    machine = {"PATH": os.environ["PATH"], "HEADRACE_TERMINATION_LOG": str(message)}
    command, variables = pod.started(machine)
    assert command[0] == "headrace-step"
    done = subprocess.run(
        [str(python.with_name("headrace-step")), *moved(command[1:], folder)],
        cwd=code_dir,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return Ended(done.returncode, written(pod, folder), message.read_text() or done.stderr)


def moved(arguments: list[str], folder: Path) -> list[str]:
    """Return arguments in which outputs are files in `folder`."""
    return [
        argument.replace(OUTPUT_FOLDER, str(folder))
        if argument.startswith("--output=")
        else argument
        for argument in arguments
    ]


def written(pod: Pod, folder: Path) -> dict[str, str]:
    """Return the texts of the outputs that a container wrote into `folder`."""
    files = {name: folder / Path(path).name for name, path in pod.paths.items()}
    return {n: f.read_bytes().decode() for n, f in files.items() if f.exists()}
