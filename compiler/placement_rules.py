"""What the settings of a step's place accept: accelerators, labels of nodes, tolerations."""

import re

from headrace.compiler.setting_rules import (
    Refused,
    Rule,
    extended_name,
    label_name,
    label_value,
    list_of,
    one_of,
    text,
    whole_number,
    wrong_type,
)
from headrace.compiler.suggestions import did_you_mean, known_names

_ACCELERATOR = re.compile(r"[A-Za-z0-9][\w .+-]*(/[\w.+-]+|:mig-[\w.+-]+)?(:\w+)?", re.ASCII)
_OBJECT_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_OBJECT_NAME_LENGTH = 253
_NO_VALUES = ("Exists", "DoesNotExist")
_ONE_NUMBER = ("Gt", "Lt")


def accelerator(value: object) -> str:
    """Accept `NAME[/FRACTION][:COUNT or TOPOLOGY]`; what the name means is not judged here."""
    written = text(value)
    if not _ACCELERATOR.fullmatch(written):
        hint = 'write it as "a100", "a100-80gb:2", "a100/1g.10gb", "tpu-v5e:2x4" or "cpu"'
        raise Refused(f"is not an accelerator: {written!r}", hint)
    return written.lower() if written.lower() == "cpu" else written


def network(value: object) -> str:
    """Accept the name of a network adapter, and how many: `efa:32`."""
    written = text(value)
    if not re.fullmatch(r"[A-Za-z][\w-]*(:\d+)?", written, re.ASCII):
        raise Refused(f"is not a network adapter: {written!r}", 'write it as "efa:32"')
    return written


def object_name(value: object) -> str:
    """Accept the name of a Kubernetes object of the cluster, as of a runtime class."""
    written = text(value)
    if len(written) > _OBJECT_NAME_LENGTH or not _OBJECT_NAME.fullmatch(written):
        hint = "use lower-case letters, digits, and - and . between them"
        raise Refused(f"is not the name of a Kubernetes object: {written!r}", hint)
    return written


def own_accelerator_name(name: str) -> None:
    """Accept a name that `accelerator` can say."""
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name, re.ASCII) or name.lower() == "cpu":
        raise Refused("cannot be said by `accelerator`", "use letters, digits, and - _ . in it")


def extended_resource(value: object) -> str:
    """Accept the name of an extended resource."""
    written = text(value)
    extended_name(written)
    return written


_TOLERATION_RULES: dict[str, Rule] = {
    "key": text,
    "operator": one_of("Equal", "Exists"),
    "value": label_value,
    "effect": one_of("NoSchedule", "PreferNoSchedule", "NoExecute"),
    "toleration_seconds": whole_number(0, 2**31),
}


def toleration(value: object) -> dict[str, object]:
    """Accept a Kubernetes toleration, by the rules of its API."""
    if not isinstance(value, dict):
        wrong_type(value, "a table", 'write { key = "gpu", operator = "Exists" }')
    _check_keys(value, _TOLERATION_RULES)
    checked = {key: _TOLERATION_RULES[key](inner) for key, inner in value.items()}
    exists = checked.get("operator") == "Exists"
    if exists and checked.get("value"):
        raise Refused('has a value although its operator is "Exists"', "leave one of the two out")
    if "key" not in checked and not exists:
        raise Refused("has no key", 'give it one, or write operator = "Exists" to tolerate all')
    if "toleration_seconds" in checked and checked.get("effect") != "NoExecute":
        hint = 'write effect = "NoExecute", or leave toleration_seconds out'
        raise Refused('has toleration_seconds, which need effect = "NoExecute"', hint)
    return checked


def _label_key(value: object) -> str:
    written = text(value)
    label_name(written)
    return written


_REQUIREMENT_RULES: dict[str, Rule] = {
    "key": _label_key,
    "operator": one_of("In", "NotIn", *_NO_VALUES, *_ONE_NUMBER),
    "values": list_of(label_value, "values"),
}


def node_requirement(value: object) -> dict[str, object]:
    """Accept what is required of a label of a node, by the rules of Kubernetes' API."""
    if not isinstance(value, dict):
        wrong_type(value, "a table", 'write { key = "gpu", operator = "In", values = ["a100"] }')
    _check_keys(value, _REQUIREMENT_RULES)
    checked = {key: _REQUIREMENT_RULES[key](inner) for key, inner in value.items()}
    if "key" not in checked:
        raise Refused("has no key", 'give it one, as in key = "example.com/gpu"')
    operator, values = checked.get("operator", "In"), checked.get("values", ())
    assert isinstance(values, tuple)
    if operator in _NO_VALUES and values:
        raise Refused(f"has values, and its operator is {operator!r}", "leave one of the two out")
    if operator in _ONE_NUMBER and not (len(values) == 1 and re.fullmatch(r"-?\d+", values[0])):
        raise Refused(f"needs one whole number for {operator!r}", 'write values = ["40000"]')
    if operator in ("In", "NotIn") and not values:
        raise Refused("has no values", 'write values = ["a100"]')
    return checked


def _check_keys(value: dict[str, object], rules: dict[str, Rule]) -> None:
    for key in value:
        if key not in rules:
            hint = did_you_mean(key, rules) or known_names(rules)
            raise Refused(f"has an unknown key {key!r}", hint, code="HR401")
