"""Reads what became of a run in the status that the Argo controller gives its Workflow."""

import base64
import gzip
import json
import re
from typing import Any, TypeAlias

from conformance.evidence import Found
from conformance.suite import Outcome
from headrace.runtime import wire
from headrace.runtime.codecs import Artifacts
from headrace.targets.argo.dags import RESULT

Workflow: TypeAlias = dict[str, Any]
Node: TypeAlias = dict[str, Any]

_ENDED_WITH = re.compile(r"(?:main: )?\w+ \(exit code \d+\)(?:: (.*))?", re.DOTALL)
"""The message of a pod that failed: https://github.com/argoproj/argo-workflows/blob/v4.1.2/\
workflow/controller/operator.go (inferFailedReason)."""


def found(workflow: Workflow, artifacts: Artifacts) -> Found:
    """Return what became of the run `workflow`, whose artifacts are in the store of `artifacts`.

    A run that failed tells what each pod that failed wrote as its last word, a line each.
    """
    every = nodes(workflow)
    pods = [node for node in every.values() if node["type"] == "Pod"]
    result = _result(every.get(workflow["metadata"]["name"], {}))
    match workflow["status"].get("phase"):
        case "Succeeded" if result is not None:
            outcome = Outcome("succeeded", wire.plain(result, artifacts), "")
        case "Failed":
            outcome = Outcome("failed", None, "\n".join(_last_words(pods)))
        case _:
            outcome = Outcome("neither", None, what_it_says(workflow))
    return Found(outcome, len(pods))


def nodes(workflow: Workflow) -> dict[str, Node]:
    """Return the nodes of a run, which the controller compresses when there are many."""
    status = workflow["status"]
    if compressed := status.get("compressedNodes"):
        found: dict[str, Node] = json.loads(gzip.decompress(base64.b64decode(compressed)))
        return found
    return status.get("nodes") or {}


def _result(node: Node) -> str | None:
    parameters = node.get("outputs", {}).get("parameters", [])
    return next((each.get("value") for each in parameters if each["name"] == RESULT), None)


def _last_words(pods: list[Node]) -> list[str]:
    failed = [pod for pod in pods if pod["phase"] in ("Failed", "Error")]
    messages = [pod.get("message", "") for pod in sorted(failed, key=_end)]
    return [m[1] or "" if (m := _ENDED_WITH.fullmatch(text)) else text for text in messages]


def what_it_says(workflow: Workflow) -> str:
    """Return all that there is to say of a run that neither succeeded nor failed."""
    status = workflow["status"]
    told = [f"{status.get('phase')}: {status.get('message', '')}"]
    wrong = ("Error", "Failed", "Running", "Pending")
    told += [
        f"{node['displayName']}: {node['phase']}: {node.get('message', '')}"
        for node in nodes(workflow).values()
        if node["phase"] in wrong
    ]
    return "\n".join(told)


def _end(node: Node) -> str:
    return str(node.get("finishedAt"))
