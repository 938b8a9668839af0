"""Runs of a WorkflowTemplate, as `headrace submit` starts them, and what is told of them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from models.argo import workflow
from models.argo.nodes import Node
from models.argo.pods import RunPod
from models.argo.workflow import Ended, Ending, last_first
from models.errors import RunFailed, RunStuck

Document: TypeAlias = Mapping[str, Any]


def read(manifest: str | Path) -> list[Document]:
    """Return the documents of a manifest: its text, or the path of its file."""
    text = manifest.read_text(encoding="utf-8") if isinstance(manifest, Path) else manifest
    return list(yaml.load_all(text, Loader=yaml.CSafeLoader))


def run(
    documents: Iterable[Document],
    parameters: Mapping[str, str],
    run_pod: RunPod,
    ending: Ending = last_first,
) -> Ended:
    """Run the WorkflowTemplate with an entrypoint among `documents`; others may be referred to.

    Of the pods that are there at the same time `ending` gives those that end next.

    Raises:
        Unsupported: the manifest uses a feature that the model does not have.
    """
    templates = {d["metadata"]["name"]: d["spec"] for d in documents if _is_template(d)}
    (name,) = (name for name, spec in templates.items() if "entrypoint" in spec)
    given = [{"name": key, "value": value} for key, value in parameters.items()]
    started = {
        "metadata": {"name": name},
        "spec": {"workflowTemplateRef": {"name": name}, "arguments": {"parameters": given}},
    }
    return workflow.run(started, run_pod, templates, ending=ending)


def _is_template(document: Document) -> bool:
    return bool(document["kind"] == "WorkflowTemplate")


def result(documents: Iterable[Document], parameters: Mapping[str, str], run_pod: RunPod) -> str:
    """Return the text of the result of a run.

    Raises:
        RunFailed: the run failed.
        RunStuck: it hangs, or the controller ends it in Error, or it is not created.
    """
    ended = run(documents, parameters, run_pod)
    told = "\n".join(f"{n.name}: {n.phase} {n.message}" for n in ended.nodes if _is_wrong(n))
    if ended.phase == "Failed" and not ended.message:
        raise RunFailed(told)
    text = ended.outputs.get("result")
    if ended.phase != "Succeeded" or text is None:
        raise RunStuck(f"{ended.phase}: {ended.message}\n{told}")
    return text


def _is_wrong(node: Node) -> bool:
    return node.unsuccessful or not node.fulfilled


def as_status(ended: Ended) -> dict[str, Any]:
    """Return a Workflow with the status that the controller would give it."""
    name = next((node.name for node in ended.nodes), "")
    nodes = {node.name: _as_status(node) for node in ended.nodes}
    status = {"phase": ended.phase, "message": ended.message, "nodes": nodes}
    return {"metadata": {"name": name}, "status": status}


def _as_status(node: Node) -> dict[str, Any]:
    given = (node.outputs or {}).items()
    return {
        "id": node.name,
        "displayName": node.name,
        "type": node.type,
        "phase": node.phase,
        "message": node.message,
        "finishedAt": f"{node.ended_as:06d}",
        "outputs": {"parameters": [{"name": key, "value": value} for key, value in given]},
    }
