"""What the pods of a run on Kubeflow Pipelines say of its steps.

The API of Kubeflow Pipelines knows neither why a step failed nor what it returned. Its pods do:
each step has one for every attempt, beside those of drivers, and all carry the id of the run.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from headrace.compiler.engine import State, Step
from headrace.targets.kubeflow.pods import SOURCE_ANNOTATION
from headrace.targets.step_command import step_and_function

Pod = dict[str, Any]

CONTAINER = "main"
"""The container of a pod that runs the step, started by the launcher of Kubeflow Pipelines."""

RUN_LABEL = "pipeline/runid"
"""The label with the id of the run: `LabelKeyWorkflowRunId`, backend/src/common/util/consts.go."""

_DEADLINE_EXCEEDED = "DeadlineExceeded"
"""The reason that the kubelet gives for ending a pod after its `activeDeadlineSeconds`."""

_NODE = "workflows.argoproj.io/node-name"
_ATTEMPT = re.compile(r"\(\d+\)$")
_INDEX = re.compile(r"\((\d+):")
"""The number of an item in the name of a node of Argo, on which Kubeflow Pipelines runs."""

_STATES: dict[str, State] = {
    "Pending": "waiting",
    "Running": "running",
    "Succeeded": "succeeded",
    "Failed": "failed",
}


def steps(pods: Iterable[Pod], cancelled: datetime | None = None) -> Iterator[Step]:
    """Yield the steps that `pods` ran, in the order in which they were started.

    What fails after the run was `cancelled` has been stopped.
    """
    attempts: dict[str, list[Pod]] = {}
    for pod in sorted(pods, key=lambda p: (p["metadata"]["creationTimestamp"], _name(p))):
        if _is_step(pod):
            node = (pod["metadata"].get("annotations") or {}).get(_NODE, _name(pod))
            attempts.setdefault(_ATTEMPT.sub("", node), []).append(pod)
    for node, made in attempts.items():
        step = _step(node, made)
        if cancelled and step.state == "failed" and _ended(made[-1], cancelled) >= cancelled:
            step = replace(step, state="stopped", message="")
        yield step


def command(pod: Pod) -> list[str]:
    """Return the command line of the step's container, that of the launcher before it."""
    for container in pod["spec"]["containers"]:
        if container["name"] == CONTAINER:
            return [*container.get("command", ()), *container.get("args", ())]
    return []


def prints_result(pod: Pod) -> bool:
    """Whether the pod has printed what the run returned."""
    printing = any(argument.startswith("--result=") for argument in command(pod))
    return printing and pod["status"].get("phase") == "Succeeded"


def variable(pod: Pod, name: str) -> str:
    """Return the value of a variable of the step's container; empty for none."""
    for container in pod["spec"]["containers"]:
        for given in container.get("env", ()) if container["name"] == CONTAINER else ():
            if given["name"] == name:
                return str(given.get("value") or "")
    return ""


def _is_step(pod: Pod) -> bool:
    return bool(step_and_function(command(pod))[0])


def _step(node: str, attempts: list[Pod]) -> Step:
    last = attempts[-1]
    id, function = step_and_function(command(last))
    state = _STATES.get(last["status"].get("phase", ""), "waiting")
    return Step(
        id=id + "".join(f"[{index}]" for index in _INDEX.findall(node)),
        function=function,
        source=(last["metadata"].get("annotations") or {}).get(SOURCE_ANNOTATION, ""),
        state=state,
        attempts=tuple(_name(pod) for pod in attempts),
        seconds=sum(map(_seconds, attempts)),
        message=_message(last) if state in ("failed", "waiting") else "",
    )


def unseen_failure(pods: Sequence[Pod]) -> str:
    """Return why a run has failed if none of the steps that `pods` ran has."""
    if not pods:
        return "there is no pod that would say why: they are gone, or none was made"
    others = [p for p in pods if p["status"].get("phase") == "Failed" and not _is_step(p)]
    if others:
        return f"the pod {_name(others[-1])} of Kubeflow Pipelines itself failed: its log says why"
    return "a pod failed that is gone: it was deleted, or its node was"


def _message(pod: Pod) -> str:
    """Return why a pod failed, or waits: the last words of the step, else those of Kubernetes."""
    if pod["status"].get("reason") == _DEADLINE_EXCEEDED:
        return str(pod["status"].get("message"))
    status = _status(pod)
    ended = (status.get("state") or {}).get("terminated") or {}
    waiting = (status.get("state") or {}).get("waiting") or {}
    said = str(ended.get("message") or waiting.get("message") or "").strip().rpartition("\n")[2]
    if said or not ended:
        return said or str(pod["status"].get("message") or "")
    return f"{ended.get('reason', 'Error')} (exit code {ended.get('exitCode')})"


def _status(pod: Pod) -> dict[str, Any]:
    for status in pod["status"].get("containerStatuses") or ():
        if status["name"] == CONTAINER:
            return dict(status)
    return {}


def _ended(pod: Pod, otherwise: datetime) -> datetime:
    ended = (_status(pod).get("state") or {}).get("terminated") or {}
    at = ended.get("finishedAt")
    return datetime.fromisoformat(at) if at else otherwise


def _seconds(pod: Pod) -> float:
    state = _status(pod).get("state") or {}
    ran = state.get("terminated") or state.get("running") or {}
    if not ran.get("startedAt"):
        return 0.0
    ended = ran.get("finishedAt")
    until = datetime.fromisoformat(ended) if ended else datetime.now(UTC)
    return max(0.0, (until - datetime.fromisoformat(ran["startedAt"])).total_seconds())


def _name(pod: Pod) -> str:
    return str(pod["metadata"]["name"])
