"""What a step takes on Argo in our manifest, beside a manifest of the same work made by hand."""

from collections.abc import Callable
from datetime import datetime
from statistics import median
from typing import Any

from cluster.images import WORKING_FOLDER
from cluster.server import Document
from conformance import suite
from conformance.engines import argo_status
from conformance.evidence import Overhead
from conformance.suite import CASES

CASE = CASES["ten_steps_in_a_row"]
STEPS = 10
TURNS = 3

PATCH = {"containers": [{"name": "main", "workingDir": WORKING_FOLDER}]}
"""What the pods of our manifest get: their image holds more than one case."""

_PROGRAM = f"""\
import sys
from {CASE.name} import same
with open("/tmp/out", "w") as file:
    file.write(str(same(int(sys.argv[1]))))
"""


def measured(run: Callable[[dict[str, Any]], Document], ours: dict[str, Any]) -> Overhead:
    """Return the seconds (medians) and pods that a step takes in our manifest and in one by hand.

    `run` makes a Workflow with a specification, like `ours`, and returns it as it has ended.
    """
    ways = {"headrace": ours, "by hand": by_hand()}
    runs: dict[str, list[Document]] = {way: [] for way in ways}
    for _ in range(TURNS):
        for way, spec in ways.items():
            runs[way].append(run(spec))
    return {
        way: {
            "seconds": round(median(map(_seconds, ended)) / STEPS, 2),
            "pods": _pods(ended[0]) / STEPS,
        }
        for way, ended in runs.items()
    }


def by_hand() -> dict[str, Any]:
    """Return the specification of a Workflow of the same ten steps, as a person writes it."""
    tasks = [
        {
            "name": f"same-{number}",
            "template": "same",
            **({"depends": f"same-{number - 1}"} if number else {}),
            "arguments": {"parameters": [{"name": "n", "value": _value(number)}]},
        }
        for number in range(STEPS)
    ]
    same = {
        "name": "same",
        "inputs": {"parameters": [{"name": "n"}]},
        "container": {
            "image": suite.IMAGE,
            "workingDir": WORKING_FOLDER,
            "command": ["python3", "-c", _PROGRAM],
            "args": ["{{inputs.parameters.n}}"],
        },
        "outputs": {"parameters": [{"name": "out", "valueFrom": {"path": "/tmp/out"}}]},
    }
    return {
        "entrypoint": "all",
        "templates": [{"name": "all", "dag": {"tasks": tasks}}, same],
    }


def _value(number: int) -> str:
    return f"{{{{tasks.same-{number - 1}.outputs.parameters.out}}}}" if number else "7"


def _seconds(workflow: Document) -> float:
    began, ended = (
        datetime.fromisoformat(workflow["status"][key]) for key in ("startedAt", "finishedAt")
    )
    return (ended - began).total_seconds()


def _pods(workflow: Document) -> int:
    return sum(node["type"] == "Pod" for node in argo_status.nodes(workflow).values())
