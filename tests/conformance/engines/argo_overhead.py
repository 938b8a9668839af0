"""The same work as that of our manifest, in a Workflow made by hand; what a Workflow took."""

from datetime import datetime
from typing import Any

from cluster.images import WORKING_FOLDER
from cluster.server import Document
from conformance import suite
from conformance.engines import argo_status
from conformance.engines.overhead import CASE, STEPS, Took

PATCH = {"containers": [{"name": "main", "workingDir": WORKING_FOLDER}]}
"""What the pods of our manifest get: their image holds more than one case."""

_PROGRAM = f"""\
import sys
from {CASE.name} import same
with open("/tmp/out", "w") as file:
    file.write(str(same(int(sys.argv[1]))))
"""


def took(workflow: Document) -> Took:
    """Return what a Workflow took that has ended."""
    status = workflow["status"]
    began, ended = (datetime.fromisoformat(status[key]) for key in ("startedAt", "finishedAt"))
    pods = [node for node in argo_status.nodes(workflow).values() if node["type"] == "Pod"]
    return Took((ended - began).total_seconds(), len(pods))


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
