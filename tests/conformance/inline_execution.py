"""Runs the Argo manifest of a case whose code travels in ConfigMaps, in containers of podman.

The model of the controller starts each container; that has a system's Python and the two folders
which the kubelet would make of the ConfigMaps, and nothing of this checkout.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

import config_maps
import containers
from argo_local import STORE_PARAMETER, expanded
from argo_model import Failed, Model
from conformance import suite
from conformance.suite import Case, Outcome, Run
from headrace.runtime import wire
from headrace.runtime.codecs import Artifacts
from headrace.runtime.store import open_store

PYTHON = "/usr/bin/python3"
OUTPUTS, STORE, SHARED = "/tmp/headrace/outputs", "/store", "/shared"
MESSAGE = "/shared/termination-log"


def outcome(case: Case, run: Run, folder: Path) -> Outcome:
    """Return what Argo makes of `case`; what its steps leave is below `folder`."""
    files = suite.emitted(case, "argo", inline=True)[0]
    pods = _Pods([file.text for file in files], folder)
    texts = {STORE_PARAMETER: f"file://{STORE}", **suite.python_pipeline_parameters(run)}
    try:
        result = Model(pods.template, pods.run).run(**texts)
    except Failed:
        return suite.failed(pods.messages[0])
    store = (folder / "store").as_uri()
    return suite.succeeded(wire.plain(result, Artifacts(open_store(store), lambda: "")))


class _Pods:
    """Runs the containers of one run, and keeps what those that failed say last."""

    def __init__(self, texts: list[str], folder: Path) -> None:
        self.messages: list[str] = []
        self.template: Any = yaml.safe_load(texts[0])
        system = [path for path in containers.program_folders(PYTHON) if path != "/etc"]
        self._mounts = {
            **{path: Path(path) for path in system},
            **config_maps.mounted(texts, folder / "headrace"),
        }
        self._writable = {path: folder / path.strip("/") for path in (OUTPUTS, STORE, SHARED)}
        for place in self._writable.values():
            place.mkdir(parents=True)
            place.chmod(0o777)
        spec = self.template["spec"]
        (self._command,) = {tuple(c["command"]) for c in _containers(spec)}
        parameters = {p["name"]: p.get("value") for p in spec["arguments"]["parameters"]}
        self._variables = {
            variable["name"]: variable["value"].replace(
                "{{workflow.parameters.headrace-code}}", parameters["headrace-code"]
            )
            for container in _containers(spec)
            for variable in container["env"]
        }
        self._variables |= {
            "HEADRACE_STORE": f"file://{STORE}",
            "HEADRACE_TERMINATION_LOG": MESSAGE,
            "TMPDIR": SHARED,
        }

    def run(self, arguments: list[str]) -> dict[str, str]:
        message = self._writable[SHARED] / "termination-log"
        message.touch()
        message.chmod(0o666)
        given = [expanded(argument, self._variables) for argument in arguments]
        done = containers.engine().run(
            [*self._command, *given],
            mounts=self._mounts,
            writable=self._writable,
            environment=self._variables,
        )
        if done.returncode:
            self.messages.append(message.read_text() or done.stderr)
            raise Failed(done.stderr)
        outputs = (re.fullmatch(r"--output=([^=]+)=(.*)", text) for text in given)
        written = {match[1]: Path(match[2]).name for match in outputs if match}
        folder = self._writable[OUTPUTS]
        return {name: (folder / file).read_text() for name, file in written.items()}


def _containers(spec: Mapping[str, Any]) -> list[Any]:
    return [t["container"] for t in spec["templates"] if "container" in t]
