"""Runs that faults hit, on the Argo controller of the cluster that KUBECONFIG leads to."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import yaml

from cluster.server import Document
from conformance.engines.argo import SECONDS_TO_NOTICE, Argo, sharing
from faults.play import compiled
from faults.table import Fault
from headrace.compiler.engine import Connection
from headrace.runtime import wire
from headrace.targets.argo.client import connect
from models.argo.processes import STORE_PARAMETER

RESTART = "HEADRACE_TEST_RESTART_ARGO"
"""The variable with the command, for a shell, that kills the controller and starts it again."""


class ArgoSite:
    """Runs Workflows with the controller that `argo` has found."""

    def __init__(self, argo: Argo) -> None:
        """Start nothing yet."""
        self.api: Any = argo.api.client
        self.namespace = argo.namespace
        self.client = connect(Connection(namespace=argo.namespace))
        self._argo = argo
        self._waiting: dict[str, tuple[Document, float]] = {}
        self._names: dict[str, str] = {}

    def start(self, fault: Fault, code: Path) -> Path:
        """Start the run of `fault` as soon as the controller knows its template."""
        folder = self._argo.folder / fault.name
        template, files = compiled(fault, code, "argo")
        for file in files:
            self._argo.api.create(self.namespace, yaml.safe_load(file.text))
        shutil.copytree(code, folder / "code")
        workflow = {
            "kind": "Workflow",
            "metadata": {"generateName": f"{template}-"},
            "spec": {
                "workflowTemplateRef": {"name": template},
                "arguments": {
                    "parameters": [
                        {"name": STORE_PARAMETER, "value": (folder / "store").as_uri()},
                        {"name": "fault", "value": wire.encode(fault.fault)},
                    ]
                },
                "podSpecPatch": json.dumps(sharing(folder, str(folder / "code"))),
            },
        }
        self._waiting[fault.name] = workflow, time.monotonic() + SECONDS_TO_NOTICE
        return folder

    def name_of(self, fault: Fault) -> str | None:
        """Return the name of the Workflow, if it has been started yet."""
        workflow, when = self._waiting[fault.name]
        if fault.name not in self._names and time.monotonic() > when:
            self._names[fault.name] = self._argo.api.create(self.namespace, workflow)
        return self._names.get(fault.name)

    def restart(self) -> None:
        """Kill the controller, and start it again."""
        restart_controller()


def restart_controller() -> None:
    """Kill the controller of Argo, on which Kubeflow runs pods, too, and start it again."""
    subprocess.run(["/bin/sh", "-c", os.environ[RESTART]], check=True)
