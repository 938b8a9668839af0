"""The schema of the setting `pod`: a PodSpec of Kubernetes without what has a key of its own."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from headrace.compiler import pod_rules
from headrace.compiler import setting_rules as rules
from headrace.compiler.pods import MAIN
from headrace.compiler.setting_schema import ListOf, NamedEntries, Schema, Table

_OWN_KEYS = {
    "activeDeadlineSeconds": "timeout",
    "nodeSelector": "node_selector",
    "priorityClassName": "priority_class",
    "runtimeClassName": "runtime_class",
    "schedulerName": "scheduler",
    "serviceAccount": "service_account",
    "serviceAccountName": "service_account",
    "tolerations": "tolerations",
}
"""Fields of a PodSpec that have a key of their own, beside `pod`."""

_ENGINES = ("ephemeralContainers", "restartPolicy")
"""Fields of a PodSpec that are the engine's."""

_SHIM = "leave it out: headrace-step runs the step"
_OWN_FIELDS = {
    "args": _SHIM,
    "command": _SHIM,
    "image": "write image = ... beside pod",
    "terminationMessagePath": "leave it out: headrace-step writes there what engines read",
    "terminationMessagePolicy": "leave it out: headrace-step writes what engines read",
}
"""Fields of the step's own container that headrace sets, and what to do instead."""


@cache
def pod_schema() -> Schema:
    """Return the schema of `pod`, made of the table of what Kubernetes knows."""
    text = files("headrace.compiler").joinpath("pod_fields.json").read_text(encoding="utf-8")
    table: dict[str, dict[str, str]] = json.loads(text)
    spec = dict(_object("PodSpec", table).keys)
    spec |= {field: _refusing(f"write {key} = ... beside pod") for field, key in _OWN_KEYS.items()}
    spec |= dict.fromkeys(_ENGINES, _refusing("leave it out: the engine sets it"))
    spec["containers"] = ListOf(_object("Container", table), "containers", _check_container)
    spec["initContainers"] = ListOf(_object("Container", table), "containers", _check_named)
    return Table(spec)


def _refusing(hint: str) -> rules.Rule:
    def rule(value: object) -> object:
        raise rules.Refused("is not for `pod` to set", hint)

    return rule


def _check_container(container: Mapping[str, Any]) -> None:
    """Refuse a container that is not the step's own, or one that sets what headrace sets.

    Engines wait for all `containers` of a pod, and a sidecar would not end by itself.
    """
    _check_named(container)
    if container["name"] != MAIN:
        raise rules.Refused(
            f"is not the container of the step, which is called {MAIN!r}",
            'list another one in initContainers, a sidecar with restartPolicy = "Always"',
        )
    for field, hint in _OWN_FIELDS.items():
        if field in container:
            raise rules.Refused(f"sets `{field}` of the container that runs the step", hint)
    for variable in container.get("env", ()):
        if "value" in variable:
            hint = f'write env = {{ {variable["name"]} = "..." }} beside pod'
            raise rules.Refused("sets a variable by its value", hint)


def _check_named(container: Mapping[str, Any]) -> None:
    if "name" not in container:
        raise rules.Refused("has no name", f'name it; the container of the step is "{MAIN}"')
    for variable in container.get("env", ()):
        rules.env_name(str(variable.get("name", "")))


def _object(name: str, table: Mapping[str, Mapping[str, str]]) -> Table:
    return Table({field: _schema(kind, table) for field, kind in table[name].items()})


def _schema(kind: str, table: Mapping[str, Mapping[str, str]]) -> Schema:
    if kind[0] == "[":
        return ListOf(_schema(kind[1:-1], table), "entries")
    if kind[0] == "{":
        return NamedEntries(_schema(kind[1:-1], table))
    return _RULES[kind] if kind in _RULES else _object(kind, table)


def _any(value: object) -> object:
    if isinstance(value, int | str) and not isinstance(value, bool):
        return value
    raise rules.Refused("must be a text or a whole number", "write it as Kubernetes has it")


_RULES: dict[str, rules.Rule] = {
    "any": _any,
    "bool": rules.boolean,
    "int": rules.whole_number(-(2**63), 2**63 - 1),
    "str": pod_rules.any_text,
}
