"""Which manifests the model takes, and which of them the API server and the controller refuse."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from models.argo.dependencies import Dependencies
from models.errors import Unsupported

_PARAMETERS = {"name", "value", "default"}
_KEYS: dict[str, set[str]] = {
    "spec": {"activeDeadlineSeconds", "arguments", "entrypoint", "onExit", "parallelism"}
    | {"podMetadata", "podSpecPatch", "serviceAccountName", "templates", "volumes"},
    "template": {"affinity", "annotations", "container", "dag", "failFast", "inputs", "metadata"}
    | {"name", "nodeSelector", "outputs", "parallelism", "podSpecPatch", "priorityClassName"}
    | {"retryStrategy", "schedulerName", "serviceAccountName", "steps", "suspend", "tolerations"}
    | {"activeDeadlineSeconds", "volumes"},
    "dag": {"failFast", "tasks"},
    "task": {"arguments", "continueOn", "dependencies", "depends", "hooks", "name", "template"}
    | {"templateRef", "when", "withItems", "withParam", "withSequence"},
    "step": {"arguments", "name", "template", "when"},
    "parameters": {"parameters"},
    "input": _PARAMETERS,
    "output": {"globalName", "name", "valueFrom"},
    "valueFrom": {"default", "expression", "parameter", "path"},
    "container": {"args", "command", "env", "image", "imagePullPolicy", "resources"}
    | {"volumeMounts"},
    "retryStrategy": {"backoff", "expression", "limit", "retryPolicy"},
    "hooks": {"exit"},
    "hook": {"arguments", "template"},
    "continueOn": {"error", "failed"},
}
_NAMES = re.compile(
    r"\b(?:tasks|steps)(?:\.[\w-]+|\['[\w-]+'\])\.(?:id|ip|startedAt|finishedAt|hostNodeName)\b"
    r"|\.outputs\.(?:result|artifacts)\b"
    r"|\bworkflow\.(?!name\b|uid\b|creationTimestamp\b(?!\.)|parameters\b(?!\.json)|status\b"
    r"|failures\b|outputs\.parameters\b)\w[\w.]*"
)
"""Variables that a run has and the model does not."""
_TAG = re.compile(r"\{\{([^={}][^{}]*)\}\}")


def check(spec: Mapping[str, Any], templates: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise where a workflow, or a template that it may use, needs more than the model has.

    Raises:
        Unsupported: it does; the text names the feature.
    """
    _only(spec, "spec")
    for template in _all_templates(spec, templates):
        _check_template(template)


def _all_templates(
    spec: Mapping[str, Any], templates: Mapping[str, Mapping[str, Any]]
) -> Iterator[Mapping[str, Any]]:
    yield from spec.get("templates", ())
    for other in templates.values():
        yield from other.get("templates", ())


def _only(part: Mapping[str, Any], kind: str) -> None:
    for key in part:
        if key not in _KEYS[kind]:
            raise Unsupported(f"{kind}.{key}")


def _check_template(template: Mapping[str, Any]) -> None:
    _only(template, "template")
    for parameter in _parameters(template, "inputs"):
        _only(parameter, "input")
    for parameter in _parameters(template, "outputs"):
        _only(parameter, "output")
        _only(parameter["valueFrom"], "valueFrom")
    _only(template.get("container", {}), "container")
    _only(template.get("retryStrategy", {}), "retryStrategy")
    _only(template.get("dag", {}), "dag")
    for task in template.get("dag", {}).get("tasks", ()):
        _only(task, "task")
        _only(task.get("continueOn", {}), "continueOn")
        _only(task.get("hooks", {}), "hooks")
        _only(task.get("hooks", {}).get("exit", {}), "hook")
        _parameters(task, "arguments")
    for step in (each for group in template.get("steps", ()) for each in group):
        _only(step, "step")
    for text in _texts(template):
        if match := re.search(_NAMES, text) if "{{" in text or "tasks" in text else None:
            raise Unsupported(f"the variable {match[0]}")


def _parameters(owner: Mapping[str, Any], part: str) -> list[Any]:
    _only(owner.get(part, {}), "parameters")
    found: list[Any] = owner.get(part, {}).get("parameters", [])
    return found


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for each in value:
                yield from _texts(each)
        case dict():
            for each in value.values():
                yield from _texts(each)


# --- what is refused -----------------------------------------------------------------------------


def refusal(workflow: Mapping[str, Any]) -> str:
    """Return why the API server does not create a workflow, or nothing."""
    empty = []
    for index, template in enumerate(workflow["spec"].get("templates", ())):
        if template.get("steps") == []:
            empty.append(f"spec.templates[{index}].steps")
        if template.get("dag", {}).get("tasks") == []:
            empty.append(f"spec.templates[{index}].dag.tasks")
    if not empty:
        return ""
    found = (f"\n* {p}: Invalid value: 0: {p} in body should have at least 1 items" for p in empty)
    return f'The Workflow "{workflow["metadata"]["name"]}" is invalid: {"".join(found)}'


def invalid(spec: Mapping[str, Any], templates: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what the controller's validation says of a workflow before it begins, or nothing."""
    return next(_invalid(spec, templates), "")


def _invalid(spec: Mapping[str, Any], templates: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    by_name = {template["name"]: template for template in spec.get("templates", ())}
    for template in by_name.values():
        inputs = {f"inputs.parameters.{p['name']}" for p in _parameters(template, "inputs")}
        tasks = template.get("dag", {}).get("tasks", ())
        if any("continueOn" in t for t in tasks) and any("depends" in t for t in tasks):
            yield (
                f"templates.{template['name']} cannot use 'continueOn' when using 'depends'. "
                "Instead use 'dep-task.Failed'/'dep-task.Errored'"
            )
        dependencies = Dependencies(tasks)
        for task in tasks:
            before = {
                t["name"]: t for t in tasks if t["name"] in dependencies.ancestors(task["name"])
            }
            known = {
                name
                for other in before.values()
                for name in _made(other, _referred(other, by_name, templates))
            }
            own = {key: value for key, value in task.items() if key != "hooks"}
            for tag in _unknown(own, inputs | known):
                yield f"templates.{template['name']}.tasks.{task['name']} failed to resolve {tag}"
        for tag in _unknown(template.get("container", {}), inputs):
            yield f"templates.{template['name']} failed to resolve {tag}"


def _referred(
    task: Mapping[str, Any],
    by_name: Mapping[str, Mapping[str, Any]],
    templates: Mapping[str, Mapping[str, Any]],
) -> Mapping[str, Any]:
    if "templateRef" not in task:
        return by_name.get(task["template"], {})
    reference = task["templateRef"]
    every = templates.get(reference["name"], {}).get("templates", ())
    found = (each for each in every if each["name"] == reference["template"])
    return next(found, {})


def _made(task: Mapping[str, Any], template: Mapping[str, Any]) -> Iterator[str]:
    prefix = f"tasks.{task['name']}"
    yield from (f"{prefix}.status", f"{prefix}.exitCode", f"{prefix}.outputs.parameters")
    for parameter in _parameters(template, "outputs"):
        yield f"{prefix}.outputs.parameters.{parameter['name']}"


def _unknown(part: Mapping[str, Any], known: set[str]) -> Iterator[str]:
    for text in _texts(part):
        for match in _TAG.finditer(text):
            name = match[1].strip()
            if name.startswith(("inputs.parameters.", "tasks.")) and name not in known:
                yield match[0]
