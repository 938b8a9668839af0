"""What a step takes on Kubeflow in our manifest, beside one of the same work made by hand."""

import json
from collections.abc import Callable
from statistics import median
from typing import Any

from cluster.images import WORKING_FOLDER
from conformance import suite
from conformance.evidence import Overhead
from conformance.suite import CASES

CASE = CASES["ten_steps_in_a_row"]
STEPS = 10
TURNS = 3

_PROGRAM = f"""\
import os, sys
sys.path.insert(0, {WORKING_FOLDER!r})
from {CASE.name} import same
os.makedirs(os.path.dirname(sys.argv[2]), exist_ok=True)
with open(sys.argv[2], "w") as file:
    file.write(str(same(int(sys.argv[1]))))
"""


def measured(run: Callable[[str, str], tuple[float, int]], ours: str) -> Overhead:
    """Return the seconds (medians) and pods that a step takes in `ours` and in one by hand.

    `run` runs a package under a name to its end, and returns its seconds and its pods.
    """
    ways = {"headrace": (CASE.name.replace("_", "-"), ours), "by hand": ("by-hand", by_hand())}
    runs: dict[str, list[tuple[float, int]]] = {way: [] for way in ways}
    for _ in range(TURNS):
        for way, (name, package) in ways.items():
            runs[way].append(run(name, package))
    return {
        way: {
            "seconds": round(median(seconds for seconds, _ in ended) / STEPS, 2),
            "pods": ended[0][1] / STEPS,
        }
        for way, ended in runs.items()
    }


def by_hand() -> str:
    """Return the package of a pipeline of the same ten steps, as the SDK would write it."""
    container = {
        "image": suite.IMAGE,
        "command": ["python3", "-c", _PROGRAM],
        "args": [
            "{{$.inputs.parameters['n']}}",
            "{{$.outputs.parameters['out'].output_file}}",
        ],
    }
    integer = {"parameterType": "NUMBER_INTEGER"}
    same = {
        "executorLabel": "exec-same",
        "inputDefinitions": {"parameters": {"n": integer}},
        "outputDefinitions": {"parameters": {"out": integer}},
    }
    specification = {
        "pipelineInfo": {"name": "by-hand"},
        "schemaVersion": "2.1.0",
        "sdkVersion": "by-hand",
        "root": {"dag": {"tasks": {f"same-{n}": _task(n) for n in range(STEPS)}}},
        "components": {"comp-same": same},
        "deploymentSpec": {"executors": {"exec-same": {"container": container}}},
    }
    return json.dumps(specification)


def _task(number: int) -> dict[str, Any]:
    before = f"same-{number - 1}"
    value: dict[str, Any] = {"runtimeValue": {"constant": 7}}
    if number:
        value = {"taskOutputParameter": {"producerTask": before, "outputParameterKey": "out"}}
    return {
        "taskInfo": {"name": f"same-{number}"},
        "componentRef": {"name": "comp-same"},
        "inputs": {"parameters": {"n": value}},
        "cachingOptions": {},
        **({"dependentTasks": [before]} if number else {}),
    }
