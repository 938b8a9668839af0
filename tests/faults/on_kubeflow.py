"""Runs that faults hit, on the Kubeflow Pipelines at HEADRACE_KFP_HOST."""

import shutil
from pathlib import Path
from typing import Any

from conformance.engines.kubeflow import NAMESPACE, Kubeflow
from faults.on_argo import restart_controller
from faults.play import compiled
from faults.table import Fault
from headrace.compiler.engine import EngineClient
from headrace.runtime import wire


class KubeflowSite:
    """Starts runs on the installation that `kubeflow` has found."""

    def __init__(self, kubeflow: Kubeflow) -> None:
        """Start nothing yet."""
        self.api: Any = kubeflow.volume.api
        self.namespace = NAMESPACE
        self.client: EngineClient = kubeflow.client
        self._kubeflow = kubeflow
        self._names: dict[str, str] = {}

    def start(self, fault: Fault, code: Path) -> Path:
        """Start the run of `fault`."""
        folder = self._kubeflow.volume.folder / fault.name
        _, files = compiled(fault, code, "kubeflow")
        modules = shutil.copytree(code, folder / "code")
        parameters = {"fault": wire.encode(fault.fault)}
        self._names[fault.name] = self._kubeflow.submit(files, folder, str(modules), parameters)
        return folder

    def name_of(self, fault: Fault) -> str:
        """Return the id of the run."""
        return self._names[fault.name]

    def restart(self) -> None:
        """Kill the Argo controller that starts the pods, and start it again."""
        restart_controller()
