"""Starts runs on Argo Workflows, and tells of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from headrace.compiler.engine import (
    Connection,
    EngineClient,
    EngineError,
    Returned,
    Run,
    State,
    Step,
    StepLog,
    Submission,
)
from headrace.targets.argo import transport
from headrace.targets.argo.emit import PIPELINE_ANNOTATION
from headrace.targets.argo.manifest import API_VERSION
from headrace.targets.argo.steps import STORE_PARAMETER
from headrace.targets.argo.transport import CRON_LABEL, TEMPLATE_LABEL
from headrace.targets.argo.workflow import Workflow, time_of
from headrace.targets.kubernetes_api import documents

_LONGEST_PREFIX = 50
"""Characters of a pipeline's name in that of a run, which becomes part of names of pods."""

_LOOKED_AT_AFTER = 30
"""Seconds after which a controller that is there has looked at a run."""


def connect(connection: Connection) -> EngineClient:
    """Return a client of the Argo that `connection`, the environment or the kubeconfig names.

    Raises:
        EngineError: what it needs is not installed, or nothing says where Argo is.
    """
    return ArgoClient(transport.connect(connection))


class ArgoClient:
    """Speaks with Argo Workflows in one namespace."""

    def __init__(self, way: transport.Transport) -> None:
        """Speak over `way`."""
        self._way = way

    def submit(self, submission: Submission) -> str:
        """Apply the templates, and what they need, and start a run; a schedule stays as it is.

        Raises:
            EngineError: Argo cannot be reached or refuses.
        """
        objects = [d for file in submission.files for d in documents(file.text)]
        applied = [d for d in objects if d["kind"] != "CronWorkflow"]
        # What templates refer to comes first.
        for document in sorted(applied, key=lambda d: bool(d["kind"] == "WorkflowTemplate")):
            self._way.apply(document)
        parameters = dict(submission.parameters)
        if submission.store is not None:
            parameters[STORE_PARAMETER] = submission.store
        spec: dict[str, Any] = {"workflowTemplateRef": {"name": submission.pipeline}}
        if parameters:
            listed = [{"name": name, "value": text} for name, text in parameters.items()]
            spec["arguments"] = {"parameters": listed}
        created = self._way.create(
            {
                "apiVersion": API_VERSION,
                "kind": "Workflow",
                "metadata": {
                    "generateName": f"{submission.pipeline[:_LONGEST_PREFIX].rstrip('-')}-",
                    "labels": {TEMPLATE_LABEL: submission.pipeline[:63].rstrip("-")},
                },
                "spec": spec,
            }
        )
        return str(created["metadata"]["name"])

    def status(self, run: str) -> Run:
        """Return what became of `run` so far.

        Raises:
            EngineError: there is no such run, or Argo cannot be reached.
        """
        found = Workflow(self._way.workflow(run)).run()
        if found.state == "waiting" and not found.message and _age(found) > _LOOKED_AT_AFTER:
            message = f"no controller of Argo looks at the namespace {self._way.namespace}"
            return replace(found, message=message)
        return found

    def result(self, run: str) -> Returned:
        """Return what `run` returned.

        Raises:
            EngineError: there is no such run, or it has no result.
        """
        return Workflow(self._way.workflow(run)).returned()

    def log(self, run: str, step: Step, attempt: str) -> StepLog:
        """Return the log of a pod."""
        return self._way.log(run, attempt)

    def cancel(self, run: str) -> None:
        """Stop `run`; cleanup steps are not started.

        Raises:
            EngineError: there is no such run, or it has ended.
        """
        if self.status(run).has_ended:
            raise EngineError(f"the run {run} has ended")
        self._way.stop(run)

    def runs(self, limit: int) -> Sequence[Run]:
        """Return the newest runs of templates that were compiled by headrace."""
        ours = {
            template["metadata"]["name"]
            for template in self._way.templates()
            if PIPELINE_ANNOTATION in (template["metadata"].get("annotations") or {})
        }
        found = [_listed(each["metadata"]) for each in self._way.workflows()]
        found.sort(key=lambda run: run.started or datetime.min.replace(tzinfo=UTC), reverse=True)
        return [run for run in found if run.pipeline in ours][:limit]


_STATES: dict[str, State] = {"Running": "running", "Succeeded": "succeeded"}


def _listed(metadata: dict[str, Any]) -> Run:
    labels = metadata.get("labels") or {}
    phase = labels.get("workflows.argoproj.io/phase", "")
    failed: State = "failed" if phase in ("Failed", "Error") else "waiting"
    return Run(
        name=metadata["name"],
        pipeline=labels.get(TEMPLATE_LABEL) or labels.get(CRON_LABEL, ""),
        state=_STATES.get(phase, failed),
        started=time_of(metadata["creationTimestamp"]),
    )


def _age(run: Run) -> float:
    return (datetime.now(UTC) - run.started).total_seconds() if run.started else 0.0
