"""The model makes of hand-written workflows what a real controller was seen to make of them."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.argo import workflow
from models.argo.nodes import Node
from models.argo.pods import Ended, Pod
from models.errors import Unsupported

FOLDER = Path(__file__).with_name("calibration")
WORKFLOWS: dict[str, Any] = {
    each["metadata"]["name"]: each
    for each in yaml.load_all((FOLDER / "workflows.yaml").read_text(), Loader=yaml.CSafeLoader)
}
OUTCOMES: dict[str, Any] = json.loads((FOLDER / "outcomes.json").read_text())

UNSUPPORTED = {
    "q7d": "container.terminationMessagePolicy",
    "q10-adl": "activeDeadlineSeconds that is reached",
    "q10-maxdur": "retryStrategy.backoff.maxDuration",
    "q13-badimg": "the image localhost/nosuch:1",
    "q13-oom": "container.resources: memory",
}
"""What the model, or a process of this machine, does not have of the workflows."""

UID, CREATED = "473daa62-86a0-4fdd-852b-1d5c2405c71a", "2026-11-23T19:39:58Z"
"""Of the run of `q16-map`, the one that shows them."""
IMAGE = "localhost/python:3.11"
KILLED = 2
"""The exit code of a shell that kills itself, as the executor in its container gives it."""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a `sleep` that only says for how long it was asked to."""
    sleep = tmp_path_factory.mktemp("programs") / "sleep"
    sleep.write_text('#!/bin/sh\necho "$1" >>"$SLEPT"\n')
    sleep.chmod(0o755)
    return sleep.parent


class Processes:
    """Runs containers as processes that have the places of a container below `folder`."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder, self._programs = folder, programs
        self._count = 0

    def __call__(self, pod: Pod) -> Ended:
        if pod.container["image"] != IMAGE:
            raise Unsupported(f"the image {pod.container['image']}")
        if "resources" in pod.container:
            raise Unsupported("container.resources: memory")
        self._count += 1
        root = self._folder / str(self._count)
        for place in ("tmp", "dev"):
            (root / place).mkdir(parents=True)
        path = f"{self._programs}:{os.environ['PATH']}"
        command, variables = pod.started({"PATH": path, "SLEPT": str(root / "slept")})
        ended = _process([_moved(text, root) for text in command], variables, root)
        slept = sum(map(float, _text(root / "slept").split()))
        if slept >= pod.template.get("activeDeadlineSeconds", slept + 1):
            raise Unsupported("activeDeadlineSeconds that is reached")
        files = {name: Path(_moved(place, root)) for name, place in pod.paths.items()}
        written = {name: _text(file) for name, file in files.items() if file.exists()}
        return Ended(ended.exit_code, written, ended.message or _text(root / "dev/termination-log"))


def _process(command: list[str], variables: dict[str, str], root: Path) -> Ended:
    try:
        done = subprocess.run(
            command, cwd=root, env=variables, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        program = command[0]
        told = f'failed to find name in PATH: exec: "{program}": stat {program}: '
        return Ended(64, message=told + "no such file or directory")
    return Ended(KILLED if done.returncode < 0 else done.returncode)


def _moved(text: str, root: Path) -> str:
    """Return `text` with the places to which the workflows write below `root`."""
    return re.sub(r"(?<!\w)/(tmp/|scratch/|work\b|dev/termination-log)", rf"{root}/\1", text)


def _text(file: Path) -> str:
    return file.read_bytes().decode() if file.exists() else ""


def _class(message: str | None) -> str:
    """Return what a message says, without where in the text it was found and by which library."""
    text = re.split(r" \(\d+:\d+\)\n", message or "")[0]
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "(time)", text)
    return re.sub(
        r"(Invalid 'when' expression '.*':|parsed as a JSON list:) .*",
        r"\1",
        text,
        flags=re.DOTALL,
    )


def _as_observed(node: Node, name: str) -> tuple[str, dict[str, Any]]:
    found = {
        "type": node.type,
        "template": node.template,
        "phase": node.phase,
        "message": _class(node.message),
        "outputs": _without_times(node.outputs),
        "exitCode": None if node.exit_code is None else str(node.exit_code),
    }
    return node.name.removeprefix(name) or "/", found


def _observed(node: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": node["type"],
        "template": node.get("template", ""),
        "phase": node["phase"],
        "message": _class(node.get("message")),
        "outputs": _without_times(node.get("outputs")),
        "exitCode": node.get("exitCode"),
    }


def _without_times(outputs: dict[str, str | None] | None) -> dict[str, str | None] | None:
    """Return outputs in which no time stands but that of the creation."""
    if not outputs:
        return None
    pattern = rf"(?!{CREATED})\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    return {k: v and re.sub(pattern, CREATED, v) for k, v in outputs.items()}


def _run(name: str, folder: Path, programs: Path) -> workflow.Ended:
    run_pod = Processes(folder, programs)
    return workflow.run(WORKFLOWS[name], run_pod, uid=UID, created=CREATED)


@pytest.mark.parametrize("name", sorted(WORKFLOWS.keys() - UNSUPPORTED.keys()))
def test_the_model_does_what_the_controller_did(name: str, tmp_path: Path, programs: Path) -> None:
    ended = _run(name, tmp_path, programs)
    wanted = OUTCOMES[name]
    assert ended.phase == wanted["phase"]
    assert _class(ended.message) == _class(wanted.get("message"))
    found = dict(_as_observed(node, name) for node in ended.nodes)
    assert found == {node["name"]: _observed(node) for node in wanted.get("nodes", ())}


@pytest.mark.parametrize("name", sorted(UNSUPPORTED))
def test_the_model_says_what_it_does_not_have(name: str, tmp_path: Path, programs: Path) -> None:
    with pytest.raises(Unsupported) as raised:
        _run(name, tmp_path, programs)
    assert str(raised.value) == UNSUPPORTED[name]


def test_the_corpus_is_whole() -> None:
    assert WORKFLOWS.keys() == OUTCOMES.keys()
    assert len(WORKFLOWS) - len(UNSUPPORTED) >= 238
    phases = {outcome["phase"] for outcome in OUTCOMES.values()}
    assert phases == {"Succeeded", "Failed", "Error", "Hang", "Refused"}


def test_what_is_compared_tells_outcomes_apart() -> None:
    """No two classes of messages that were seen are one because of what is left out of them."""
    messages = {node.get("message", "") for o in OUTCOMES.values() for node in o.get("nodes", ())}
    assert len({_class(message) for message in messages}) >= 40
    assert _class("main: Error (exit code 1)") != _class("main: Error (exit code 2)")
