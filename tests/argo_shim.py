"""Stands for the shim in runs of Argo's model: what a container makes of its command line."""

import json
import re
from typing import Any

from ir_interpreter import Scenario, told
from models.argo.pods import Ended, Pod


def decoded(text: str) -> Any:
    """What a text on the wire stands for: opaque, gathered, or bare JSON."""
    if text.startswith("*"):
        return [decoded(element) for element in json.loads(text[1:])]
    return json.loads(text.removeprefix("="))


class Shim:
    """Stands for `headrace-step`: reads its command line and writes what `told` says."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self.calls: list[str] = []

    def __call__(self, pod: Pod) -> Ended:
        command, _ = pod.started({})
        assert command[0] == "headrace-step"
        return Ended(0, self._run(command[1:]))

    def _run(self, arguments: list[str]) -> dict[str, str]:
        split = next(i for i, a in enumerate(arguments) if not a.startswith("--"))
        options, function, own = arguments[:split], arguments[split], arguments[split + 1 :]
        lets = dict(o.removeprefix("--let=").split("=", 1) for o in options if "--let=" in o[:6])
        received = dict(re.split(":?=", a.removeprefix("--"), maxsplit=1) for a in own)
        glued = {a[2 : a.index(":=")] for a in own if re.match(r"--\w+:=", a)}
        text = told(
            function,
            {n: v if n in glued else decoded(v) for n, v in received.items()},
            {n: decoded(v) for n, v in lets.items()},
        )
        self.calls.append(text)
        return {
            name: self._written(name, options, text)
            for name in (o.split("=")[1] for o in options if o.startswith("--output="))
        }

    def _written(self, name: str, options: list[str], text: str) -> str:
        if any(o.startswith(f"--condition={name}:=") for o in options):
            return json.dumps(self._scenario.condition)
        if any(o.startswith(f"--items={name}:=") for o in options):
            return json.dumps(["=" + json.dumps(i) for i in self._scenario.items])
        for option in options:
            if option.startswith(f"--value={name}:="):
                return "=" + json.dumps([option.split(":=", 1)[1], text])
        return "=" + json.dumps(text)
