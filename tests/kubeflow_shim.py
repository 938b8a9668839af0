"""What steps of a Kubeflow manifest do in the model of the backend: tell how they were called."""

import json
import re
from typing import Any

from ir_interpreter import Scenario, told
from models.kubeflow.backend import Values, parameters
from models.kubeflow.commands import command


def decoded(text: str) -> Any:
    """What a text on the wire stands for: opaque, gathered, or bare JSON."""
    if text.startswith("*"):
        return [decoded(element) for element in json.loads(text[1:])]
    return json.loads(text.removeprefix("="))


class Shim:
    """Stands for `headrace-step`: reads its command line and writes what `told` says."""

    def __init__(self, spec: dict[str, Any], scenario: Scenario) -> None:
        self._spec, self._scenario = spec, scenario
        self.calls: list[str] = []

    def __call__(self, component: str, inputs: Values, attempt: int = 0) -> dict[str, str]:
        del attempt
        declared = self._spec["components"][component]
        outputs = parameters(declared, "outputDefinitions")
        box = self._spec["deploymentSpec"]["executors"][declared["executorLabel"]]["container"]
        resolved = command(box, inputs, {key: f"/tmp/{key}" for key in outputs})
        assert resolved[0] == "headrace-step"
        return self._run(resolved[1:])

    def _run(self, arguments: list[str]) -> dict[str, str]:
        split = next(i for i, a in enumerate(arguments) if not a.startswith("--"))
        options, function, own = arguments[:split], arguments[split], arguments[split + 1 :]
        lets = dict(o.removeprefix("--let=").split("=", 1) for o in options if "--let=" in o[:6])
        sources = dict(o.split("=", 1)[1].split(":=") for o in options if re.match(r"--value=", o))
        paths = dict(o.split("=", 2)[1:] for o in options if o.startswith("--output="))
        keys = {name: path.removeprefix("/tmp/") for name, path in paths.items()}
        if (
            function == "compute"
            and set(sources) == set(keys)
            and set(sources.values()) <= set(lets)
        ):
            return {
                keys[name]: "=" + json.dumps(decoded(lets[source]))
                for name, source in sources.items()
            }
        received = dict(re.split(":?=", a.removeprefix("--"), maxsplit=1) for a in own)
        glued = {a[2 : a.index(":=")] for a in own if re.match(r"--\w+:=", a)}
        text = told(
            function,
            {n: v if n in glued else decoded(v) for n, v in received.items()},
            {n: decoded(v) for n, v in lets.items()},
        )
        self.calls.append(text)
        return {key: self._written(name, options, text) for name, key in keys.items()}

    def _written(self, name: str, options: list[str], text: str) -> str:
        if any(o.startswith(f"--condition={name}:=") for o in options):
            return json.dumps(self._scenario.condition)
        if any(o.startswith(f"--items={name}:=") for o in options):
            return json.dumps(["=" + json.dumps(i) for i in self._scenario.items])
        for option in options:
            if option.startswith(f"--value={name}:="):
                return "=" + json.dumps([option.split(":=", 1)[1], text])
        return "=" + json.dumps(text)
