"""What the status of a Workflow says of a run: its steps, its result, and why it failed.

The fields are those of
https://argo-workflows.readthedocs.io/en/latest/fields/#workflowstatus; what they hold was seen on
runs of Argo Workflows 4.1.
"""

import base64
import gzip
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from headrace.compiler.engine import EngineError, Returned, Run, State, Step, why_failed
from headrace.targets.argo.dags import RESULT
from headrace.targets.argo.names import object_name
from headrace.targets.argo.step_uses import FUNCTION_INPUT, STEP_INPUT
from headrace.targets.argo.steps import SOURCE_ANNOTATION, STORE_PARAMETER
from headrace.targets.step_command import step_and_function

Document = dict[str, Any]

_STATES: dict[str, State] = {
    "": "waiting",
    "Pending": "waiting",
    "Running": "running",
    "Succeeded": "succeeded",
    "Failed": "failed",
    "Error": "failed",
}

_LONGEST_PREFIX = 242
"""Characters of a pod's name before its number (`ensurePodNamePrefixLength`, workflow/util)."""

_EXIT = re.compile(r"^main: Error \(exit code \d+\)(?:: )?")
"""What Argo puts before the last words of a container."""

_ORDINARY = ("PodInitializing", "ContainerCreating")
"""Why pods wait that are about to start."""

_STOPPED = re.compile(r"^workflow shutdown with strategy|\bstopped with strategy\b")
_INDEX = re.compile(r"\((\d+)(?::|\))")
"""The number of an item in the name of a node: `each(0:text)`."""


class Workflow:
    """A Workflow as the API gives it."""

    def __init__(self, document: Document) -> None:
        """Read `document`."""
        self._document = document
        self._status: Document = document.get("status") or {}
        self.name: str = document["metadata"]["name"]

    def run(self) -> Run:
        """Return what became of the run so far."""
        state = _STATES[self._status.get("phase", "")]
        steps = tuple(self._steps())
        message = str(self._status.get("message") or "")
        if state == "failed":
            message = why_failed(steps, message or "the workflow failed")
        return Run(
            name=self.name,
            pipeline=self._document["spec"].get("workflowTemplateRef", {}).get("name", ""),
            state=state,
            started=time_of(self._document["metadata"].get("creationTimestamp")),
            ended=time_of(self._status.get("finishedAt")),
            message=message,
            steps=steps,
        )

    def returned(self) -> Returned:
        """Return what the run, which has succeeded, returned.

        Raises:
            EngineError: the status holds no result.
        """
        root = self._nodes.get(self.name, {})
        for output in (root.get("outputs") or {}).get("parameters", ()):
            if output["name"] == RESULT:
                return Returned(output["value"], self._store)
        raise EngineError(f"the run {self.name} has no result", "was it compiled by headrace?")

    @property
    def _store(self) -> str:
        given = (self._document["spec"], self._status.get("storedWorkflowTemplateSpec") or {})
        for spec in given:
            for parameter in (spec.get("arguments") or {}).get("parameters", ()):
                if parameter["name"] == STORE_PARAMETER:
                    return str(parameter.get("value") or "")
        return ""

    @cached_property
    def _nodes(self) -> dict[str, Document]:
        """The nodes by their ids; Argo compresses many of them."""
        compressed = self._status.get("compressedNodes")
        if compressed:
            nodes: dict[str, Document] = json.loads(gzip.decompress(base64.b64decode(compressed)))
            return nodes
        if self._status.get("offloadNodeStatusVersion") and not self._status.get("nodes"):
            raise EngineError(
                f"Argo keeps the steps of {self.name} in its database",
                "set ARGO_SERVER: the Argo Server reads them",
            )
        return self._status.get("nodes") or {}

    @cached_property
    def _templates(self) -> dict[str, Document]:
        """The templates by their names, which no two objects of a manifest share."""
        stored = self._status.get("storedWorkflowTemplateSpec") or {}
        own = {template["name"]: template for template in stored.get("templates", ())}
        # The key is namespaced/OBJECT/TEMPLATE; the template has no name of its own there.
        others = self._status.get("storedTemplates") or {}
        return own | {key.rpartition("/")[2]: template for key, template in others.items()}

    def _steps(self) -> Iterator[Step]:
        nodes = self._nodes
        attempts = {
            child: node["id"]
            for node in nodes.values()
            if node["type"] == "Retry"
            for child in node.get("children", ())
        }
        ran = [n for n in nodes.values() if n["type"] == "Retry" or _is_pod(n, attempts)]
        for node in sorted(ran, key=lambda n: (n.get("startedAt") or "", n["name"])):
            # The order of the attempts is that of the retries.
            own = [nodes[c] for c in node.get("children", ()) if attempts.get(c) == node["id"]]
            yield self._step(node, own or [node])

    def _step(self, node: Document, attempts: list[Document]) -> Step:
        template = self._templates.get(_template_name(node), {})
        last = attempts[-1]
        state = _STATES.get(node.get("phase", ""), "stopped")
        message = str(last.get("message") or node.get("message") or "")
        if state == "failed" and _STOPPED.search(message):
            state = "stopped"
        step, function = self._identity(node, template)
        return Step(
            id=self._place(node) + step,
            function=function,
            source=(template.get("metadata") or {})
            .get("annotations", {})
            .get(SOURCE_ANNOTATION, ""),
            state=state,
            attempts=tuple(self._pod(each) for each in attempts if each["type"] == "Pod"),
            seconds=_seconds(node),
            message="" if message in _ORDINARY else _EXIT.sub("", message).strip() or message,
        )

    def _identity(self, node: Document, template: Document) -> tuple[str, str]:
        """Return the id of the step that `node` ran, as far as the status has it, and its function.

        A template that several steps share knows neither; a task is called as its step then.
        """
        step, function = step_and_function((template.get("container") or {}).get("args", ()))
        given = {p["name"]: p.get("value", "") for p in _inputs(node)}
        if STEP_INPUT in given:
            return given[STEP_INPUT], given[FUNCTION_INPUT]
        task = re.sub(r"\(.*\)$", "", node["displayName"], flags=re.DOTALL)
        shared = ", " in (template.get("metadata") or {}).get("annotations", {}).get(
            SOURCE_ANNOTATION, ""
        )
        return (task if shared and task != object_name(step) else step), function

    def _place(self, node: Document) -> str:
        """Return `MAP[INDEX].` for each map around `node`, the outermost first."""
        at = node
        places: list[str] = []
        while True:
            around = self._nodes.get(at.get("boundaryID", ""))
            if around is None:
                return "".join(reversed(places))
            index = _INDEX.search(at["displayName"])
            if index and _is_item(at, around):
                places.append(f"{_template_name(around)}[{index[1]}].")
            at = around

    def _pod(self, node: Document) -> str:
        """Return the name of the pod of `node` (`GeneratePodName`, workflow/util)."""
        annotations = self._document["metadata"].get("annotations") or {}
        if annotations.get("workflows.argoproj.io/pod-name-format") == "v1":
            return str(node["id"])
        prefix = f"{self.name}-{_template_name(node)}"[:_LONGEST_PREFIX]
        return f"{prefix}-{node['id'].rpartition('-')[2]}"


def time_of(text: str | None) -> datetime | None:
    """Return the time that Kubernetes writes as `text`; None for none."""
    return datetime.fromisoformat(text) if text else None


def _is_pod(node: Document, attempts: Mapping[str, str]) -> bool:
    return node["type"] == "Pod" and node["id"] not in attempts


def _is_item(node: Document, around: Document) -> bool:
    """Whether `node` ran for one item of a loop in the template of `around`."""
    return str(node["name"]).startswith(f"{around['name']}.each(")


def _template_name(node: Document) -> str:
    reference = node.get("templateRef") or {}
    return str(reference.get("template") or node.get("templateName") or "")


def _inputs(node: Document) -> list[Document]:
    return (node.get("inputs") or {}).get("parameters") or []


def _seconds(node: Document) -> float:
    started, ended = time_of(node.get("startedAt")), time_of(node.get("finishedAt"))
    if started is None:
        return 0.0
    return max(0.0, ((ended or datetime.now(UTC)) - started).total_seconds())
