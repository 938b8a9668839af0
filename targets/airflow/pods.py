"""The part of a step's pod that no argument of KubernetesPodOperator is for.

The operator merges its arguments over the pod that `pod_template_dict` describes, whose first
container is the step's own:
https://airflow.apache.org/docs/apache-airflow-providers-cncf-kubernetes/stable/operators.html
"""

from typing import Any

from headrace.compiler.pods import Tree, main_container
from headrace.targets.airflow.literals import template_text

_ARGUMENTS = frozenset({"priorityClassName", "schedulerName", "serviceAccountName"})
"""Fields of a PodSpec that are arguments of the operator."""

_BASE = "base"
"""What the operator calls the step's own container, unless it is told otherwise."""


def rest_of(made: Tree) -> dict[str, Any]:
    """Return the pod `made` without what the operator's arguments say, its texts as templates.

    The resources stay in it where the setting `pod` has changed them: requests below limits.
    """
    spec = {name: value for name, value in made["spec"].items() if name not in _ARGUMENTS}
    own = main_container(made)
    base = {name: value for name, value in own.items() if name not in ("image", "env")}
    if referred := [variable for variable in own["env"] if "valueFrom" in variable]:
        base["env"] = referred
    if has_plain_resources(made):
        base.pop("resources", None)
    base["name"] = _BASE
    spec.pop("containers")
    if len(base) == 1 and not spec:
        return {}
    rest: dict[str, Any] = _templates({"spec": {**spec, "containers": [base]}})
    return rest


def has_plain_resources(made: Tree) -> bool:
    """Return whether the container of the pod `made` asks for its limits and nothing else."""
    resources = main_container(made).get("resources", {})
    return not resources.keys() - {"limits", "requests"} and (
        resources.get("limits") == resources.get("requests")
    )


def _templates(value: Any) -> Any:
    """Return `value` with each text as a template that Jinja renders to it; keys are not read."""
    if isinstance(value, str):
        return template_text(value)
    if isinstance(value, dict):
        return {key: _templates(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_templates(inner) for inner in value]
    return value
