"""Runs that faults hit, on the Kubeflow Pipelines at HEADRACE_KFP_HOST."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from conformance.engines.kubeflow import NAMESPACE, Kubeflow
from faults.on_argo import RESTART
from faults.play import compiled
from faults.table import Fault
from headrace.compiler.engine import EngineClient, Submission
from headrace.compiler.target import ManifestFile
from headrace.runtime import wire


class KubeflowSite:
    """Starts runs on the installation that `kubeflow` has found."""

    def __init__(self, kubeflow: Kubeflow) -> None:
        """Start nothing yet."""
        self.api: Any = kubeflow.volume.api
        self.namespace = NAMESPACE
        self.client: EngineClient = kubeflow.client
        self._volume = kubeflow.volume
        self._names: dict[str, str] = {}

    def start(self, fault: Fault, code: Path) -> Path:
        """Start the run of `fault`."""
        folder = self._volume.folder / fault.name
        name, (package, *others) = compiled(fault, code, "kubeflow")
        shutil.copytree(code, folder / "code")
        variables = {"TMPDIR": str(folder), "PYTHONPATH": str(folder / "code")}
        shared = self._volume.seen_by(package.text, variables)
        submission = Submission(
            pipeline=name,
            files=[ManifestFile(package.name, shared), *others],
            parameters={"fault": wire.encode(fault.fault)},
            store=(folder / "store").as_uri(),
        )
        self._names[fault.name] = self.client.submit(submission)
        return folder

    def name_of(self, fault: Fault) -> str:
        """Return the id of the run."""
        return self._names[fault.name]

    def restart(self) -> None:
        """Kill the Argo controller that starts the pods, and start it again."""
        subprocess.run(["/bin/sh", "-c", os.environ[RESTART]], check=True)
