"""Runs the Argo manifest of a case whose code travels in ConfigMaps, in containers of podman.

The model of the controller starts each container; that has a system's Python and the two folders
which the kubelet would make of the ConfigMaps, and nothing of this checkout.
"""

from collections.abc import Iterable
from pathlib import Path

import config_maps
import containers
from conformance import suite
from conformance.argo_execution import outcome_of, read
from conformance.suite import Case, Outcome, Run
from headrace.compiler.target import ManifestFile
from headrace.targets.argo.steps import OUTPUT_FOLDER
from models.argo.pods import Ended, Pod
from models.argo.processes import STORE_PARAMETER, written

PYTHON = "/usr/bin/python3"
OUTPUTS, STORE, SHARED = OUTPUT_FOLDER, "/store", "/shared"
MESSAGE = "/shared/termination-log"


def outcome(case: Case, run: Run, folder: Path) -> Outcome:
    """Return what Argo makes of `case`; what its steps leave is below `folder`."""
    files = suite.emitted(case, "argo", inline=True)[0]
    parameters = {STORE_PARAMETER: f"file://{STORE}", **suite.python_pipeline_parameters(run)}
    store = (folder / "store").as_uri()
    return outcome_of(read(files), parameters, _Pods(files, folder).run, store)


class _Pods:
    """Runs the containers of one run."""

    def __init__(self, files: Iterable[ManifestFile], folder: Path) -> None:
        system = [path for path in containers.program_folders(PYTHON) if path != "/etc"]
        self._mounts = {
            **{path: Path(path) for path in system},
            **config_maps.mounted([file.text for file in files], folder / "headrace"),
        }
        self._writable = {path: folder / path.strip("/") for path in (OUTPUTS, STORE, SHARED)}
        for place in self._writable.values():
            place.mkdir(parents=True)
            place.chmod(0o777)

    def run(self, pod: Pod) -> Ended:
        message = self._writable[SHARED] / "termination-log"
        message.touch()
        message.chmod(0o666)
        for left in self._writable[OUTPUTS].iterdir():
            left.unlink()
        command, variables = pod.started({"HEADRACE_TERMINATION_LOG": MESSAGE, "TMPDIR": SHARED})
        done = containers.engine().run(
            command, mounts=self._mounts, writable=self._writable, environment=variables
        )
        texts = written(pod, self._writable[OUTPUTS])
        return Ended(done.returncode, texts, message.read_text() or done.stderr)
