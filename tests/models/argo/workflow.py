"""One workflow from its creation to its end (`operate` in workflow/controller/operator.go)."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from models import kubernetes
from models.argo import execution, pods, support
from models.argo.hooks import ON_EXIT
from models.argo.nodes import ERROR, FAILED, SUCCEEDED, Node, Nodes
from models.argo.pods import RunPod
from models.argo.state import Flow, Options, ParallelismReached, TemplateFailed
from models.go import quoted

HANG, REFUSED = "Hang", "Refused"
"""Phases that no workflow has: nothing can move and it has not ended; it was not created."""


Ending: TypeAlias = Callable[[list[Node]], list[Node]]
"""Chooses some of the pods that are there, in an order."""


def last_first(waiting: list[Node]) -> list[Node]:
    """Return all, the last one first: what must stand in an order has to say so."""
    return waiting[::-1]


@dataclass(frozen=True)
class Ended:
    """How a workflow ended; `outputs` are those of its entrypoint."""

    phase: str
    message: str
    nodes: Nodes
    outputs: Mapping[str, str | None]


def run(
    workflow: Mapping[str, Any],
    run_pod: RunPod,
    templates: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    ending: Ending = last_first,
    uid: str = "00000000-0000-0000-0000-000000000000",
    created: str = "2026-01-01T00:00:00Z",
) -> Ended:
    """Run a Workflow; its containers are run by `run_pod`.

    `templates` are the specifications of the WorkflowTemplates by name. Of the pods that are there
    at the same time `ending` gives those that end next.

    Raises:
        Unsupported: it uses a feature that the model does not have.
    """
    known = templates or {}
    if refusal := support.refusal(workflow):
        return Ended(REFUSED, refusal, Nodes(), {})
    name, spec = workflow["metadata"]["name"], workflow["spec"]
    if reference := spec.get("workflowTemplateRef"):
        if reference["name"] not in known:
            text = f'workflowtemplates.argoproj.io "{reference["name"]}" not found'
            return Ended(ERROR, text, Nodes(), {})
        spec = merged(spec, known[reference["name"]])
    support.check(spec, known)
    for parameter in spec.get("arguments", {}).get("parameters", ()):
        if "value" not in parameter:
            place = f"spec.arguments.{parameter['name']}"
            text = f"invalid spec: {place}.value or {place}.valueFrom is required"
            return Ended(FAILED, text, Nodes(), {})
    if invalid := support.invalid(spec, known):
        return Ended(FAILED, f"invalid spec: {invalid}", Nodes(), {})
    flow = _Flow(name, spec)
    flow.templates = known
    flow.names |= _global_names(workflow, spec, uid, created)
    return flow.run(run_pod, ending)


def merged(spec: Mapping[str, Any], template: Mapping[str, Any]) -> dict[str, Any]:
    """Return the specification of a run that refers to a template: its own arguments win."""
    given = {p["name"]: p for p in spec.get("arguments", {}).get("parameters", ())}
    declared = template.get("arguments", {}).get("parameters", ())
    parameters = [given.pop(p["name"], p) for p in declared] + list(given.values())
    own = {key: value for key, value in spec.items() if key != "workflowTemplateRef"}
    return {**template, **own, "arguments": {"parameters": parameters}}


def _global_names(
    workflow: Mapping[str, Any], spec: Mapping[str, Any], uid: str, created: str
) -> dict[str, str | None]:
    parameters = spec.get("arguments", {}).get("parameters", [])
    return {
        "workflow.name": workflow["metadata"]["name"],
        "workflow.uid": uid,
        "workflow.creationTimestamp": created,
        "workflow.parameters": json.dumps(parameters, ensure_ascii=False, separators=(",", ":")),
        **{f"workflow.parameters.{p['name']}": p["value"] for p in parameters},
    }


class _Flow(Flow):
    templates: Mapping[str, Mapping[str, Any]]

    def execute(
        self, name: str, reference: Mapping[str, Any], arguments: list[Any], options: Options
    ) -> Node | None:
        return execution.execute(self, name, reference, arguments, options)

    def template(self, reference: Mapping[str, Any], place: str) -> tuple[Mapping[str, Any], str]:
        name = reference.get("template", "")
        if "templateRef" in reference:
            place, name = reference["templateRef"]["name"], reference["templateRef"]["template"]
        spec = self.templates.get(place, {}) if place else self.spec
        for template in spec.get("templates", ()):
            if template["name"] == name:
                return template, place
        raise TemplateFailed(f"template {name} not found")

    def run(self, run_pod: RunPod, ending: Ending) -> Ended:
        """Look at the workflow again and again until it has ended, or nothing moves."""
        while True:
            before = self.nodes.changes
            ended = self._operate()
            if ended is not None:
                phase, message = ended
                break
            if self.pods:
                for node in ending(list(self.pods)):
                    pods.finish(self, node, _run(pods.Pod(node.name, node.processed), run_pod))
            elif self.nodes.changes == before:
                phase, message = HANG, ""
                break
        root = self.nodes.get(self.name)
        return Ended(phase, message, self.nodes, (root and root.outputs) or {})

    def _operate(self) -> tuple[str, str] | None:
        """Do what can be done now; return phase and message if that was all."""
        arguments = self.spec.get("arguments", {}).get("parameters", [])
        try:
            root = self.execute(
                self.name, {"template": self.spec["entrypoint"]}, arguments, Options()
            )
        except ParallelismReached:
            return None
        except TemplateFailed as error:
            return ERROR, f"error in entry template execution: {error}"
        assert root is not None
        if not root.fulfilled:
            return None
        phase = root.phase if root.unsuccessful else SUCCEEDED
        hook = self._on_exit(phase)
        if hook is not None and not hook.fulfilled:
            return None
        if phase == SUCCEEDED and hook is not None and hook.unsuccessful:
            return hook.phase, hook.message
        return phase, root.message if root.unsuccessful else ""

    def _failures(self) -> str:
        failures = [
            {
                "displayName": node.name.removeprefix(node.boundary).lstrip(".["),
                "message": node.message,
                "templateName": node.template,
                "phase": node.phase,
                "podName": pods.name(self.name, node.name, node.template),
                "finishedAt": self.names["workflow.creationTimestamp"],
            }
            for node in self.nodes
            if node.unsuccessful
        ]
        return json.dumps(failures or None, ensure_ascii=False, separators=(",", ":"))

    def _on_exit(self, phase: str) -> Node | None:
        if "onExit" not in self.spec:
            return None
        self.names["workflow.status"] = phase
        self.names["workflow.failures"] = f'"{quoted(self._failures())}"'
        reference = {"template": self.spec["onExit"]}
        arguments = self.spec.get("arguments", {}).get("parameters", [])
        return self.execute(self.name + ON_EXIT, reference, arguments, Options(hooked=True))


def _run(pod: pods.Pod, run_pod: RunPod) -> pods.Ended:
    if kubernetes.cannot_start(*pod.started({})):
        return pods.Ended(1)
    return run_pod(pod)
