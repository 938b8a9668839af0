"""Runs Argo manifests in the model of the controller, their containers as processes."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from argo_model import Failed, Model

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
    """
    documents = list(yaml.safe_load_all(manifest_path.read_text(encoding="utf-8")))
    template = next(each for each in documents if each["kind"] == "WorkflowTemplate")
    step = str(Path(python).with_name("headrace-step"))
    environment = {
        "PATH": os.environ["PATH"],
        "HEADRACE_STORE": parameters.get(STORE_PARAMETER, ""),
        **environment_of(template),
    }

    def container(arguments: list[str]) -> dict[str, str]:
        return _container(step, arguments, code_dir, environment)

    return Model(template, container).run(**parameters)


def environment_of(template: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables that stand in the manifest as they are."""
    return {
        variable["name"]: variable["value"]
        for each in template["spec"]["templates"]
        for variable in each.get("container", {}).get("env", [])
        if "{{" not in variable.get("value", "{{")
    }


def _container(
    step: str, arguments: list[str], code_dir: Path, environment: dict[str, str]
) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        outputs: dict[str, Path] = {}
        moved = []
        for text in (expanded(argument, environment) for argument in arguments):
            match = re.fullmatch(r"--output=([^=]+)=(.*)", text)
            if match:
                outputs[match[1]] = Path(folder) / match[1]
                text = f"--output={match[1]}={outputs[match[1]]}"
            moved.append(text)
        done = subprocess.run(
            [step, *moved],
            cwd=code_dir,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Failed(done.stderr)
        return {name: path.read_text() for name, path in outputs.items()}


def expanded(text: str, environment: Mapping[str, str]) -> str:
    """Expand `$(NAME)` and `$$` in an argument as the kubelet does: unknown names stay."""

    def replace(match: re.Match[str]) -> str:
        return "$" if match[0] == "$$" else environment.get(match[1], match[0])

    return re.sub(r"\$\$|\$\(([^)]*)\)", replace, text)
