"""The schema of the configuration, and the check of a tree against it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from headrace.compiler import placement_rules as placement
from headrace.compiler import pod_rules
from headrace.compiler import setting_rules as rules
from headrace.compiler.configuration_files import Origin, Tree
from headrace.compiler.diagnostics import Sink
from headrace.compiler.setting_schema import Lazy, ListOf, NamedEntries, Schema, Table
from headrace.compiler.source import Span
from headrace.compiler.suggestions import did_you_mean, known_names
from headrace.compiler.toml_places import TomlPath


def _pod() -> Schema:
    from headrace.compiler.pod_schema import pod_schema

    return pod_schema()


_LABELS = NamedEntries(rules.label_value, rules.label_name)
_TOLERATIONS = rules.list_of(placement.toleration, "tolerations")
_ENV = NamedEntries(rules.env_value, rules.env_name)


def _label_text(value: object) -> str:
    """Accept the value of a label that is not empty."""
    return rules.label_value(rules.text(value))


_POD_ACCESS: dict[str, Schema] = {
    "env": _ENV,
    "secrets": NamedEntries(pod_rules.entry("secret"), rules.env_name),
    "config_maps": NamedEntries(pod_rules.entry("config map"), rules.env_name),
    "volumes": NamedEntries(pod_rules.volume, pod_rules.mount_path),
    "service_account": pod_rules.object_name,
}
"""What a step, or the store for all steps, has to get at something outside of the pod."""

_STEP = Table(
    {
        **_POD_ACCESS,
        "image": rules.image,
        "code": rules.one_of("image", "inline"),
        "cpu": rules.quantity,
        "memory": rules.memory,
        "ephemeral_storage": rules.memory,
        "resources": NamedEntries(rules.extended_quantity, rules.extended_name),
        "accelerator": placement.accelerator,
        "resource_claim": rules.boolean,
        "network": placement.network,
        "spot": rules.boolean,
        "flex_start": rules.boolean,
        "compute_class": _label_text,
        "zones": rules.list_of(_label_text, "zones", if_empty="leave it out for any zone"),
        "reservation": _label_text,
        "machine_type": _label_text,
        "machine_family": _label_text,
        "shared_memory": rules.memory,
        "runtime_class": placement.object_name,
        "retries": Table(
            {
                "limit": rules.whole_number(0, 1000),
                "delay": rules.duration(0),
                "factor": rules.whole_number(1, 100),
                "max_delay": rules.duration(1),
            },
            short="limit",
        ),
        "timeout": rules.duration(1),
        "node_selector": _LABELS,
        "tolerations": _TOLERATIONS,
        "labels": NamedEntries(rules.label_value, pod_rules.own_label),
        "annotations": NamedEntries(pod_rules.any_text, pod_rules.annotation_name),
        "priority_class": pod_rules.object_name,
        "queue": pod_rules.queue,
        "scheduler": pod_rules.object_name,
        "hosts": rules.whole_number(1, 10_000),
        "pod": Lazy(_pod),
    }
)
_ACCELERATOR = Table(
    {
        "resource": placement.extended_resource,
        "memory_gib": rules.whole_number(1, 100_000),
        "counts": rules.list_of(
            rules.whole_number(1, 1000), "counts", if_empty="leave it out for any count"
        ),
        "device_class": placement.object_name,
        "device_selectors": rules.list_of(rules.text, "selectors"),
        "node_selector": _LABELS,
        "node_affinity": rules.list_of(placement.node_requirement, "requirements"),
        "tolerations": _TOLERATIONS,
        "spot_node_selector": _LABELS,
        "spot_tolerations": _TOLERATIONS,
        "runtime_class": placement.object_name,
        "scheduler": placement.object_name,
        "env": _ENV,
    }
)
_FORBID = pod_rules.forbidding("forbid")
_PATTERNS = rules.list_of(rules.text, "patterns")
_POLICY = Table(
    {
        "images": Table(
            {
                "registries": rules.list_of(
                    pod_rules.registry, "registries", if_empty="name one, or leave the key out"
                ),
                "digest": pod_rules.forbidding("required"),
                "latest": _FORBID,
            }
        ),
        "accelerators": Table({"allow": _PATTERNS, "forbid": _PATTERNS}),
        "limits": rules.list_of(pod_rules.limited_resource, "resources"),
        "host_paths": _FORBID,
        "host_namespaces": _FORBID,
        "privileged": _FORBID,
    }
)
_SHARED: dict[str, Schema] = {
    "image": rules.image,
    "code": rules.one_of("image", "inline"),
    "build": Table(
        {"base": rules.image, "include": rules.list_of(rules.pattern_below, "patterns")}
    ),
    "store": Table({"url": rules.store, **_POD_ACCESS}, short="url"),
    "targets": rules.list_of(
        rules.target, "targets", if_empty="name one, or leave the key out for all of them"
    ),
    "schedule": Table(
        {
            "cron": rules.cron,
            "timezone": rules.timezone,
            "catchup": rules.boolean,
            "overlap": rules.one_of("allow", "forbid", "replace"),
        },
        short="cron",
    ),
    "platform": rules.text,
    "accelerators": NamedEntries(_ACCELERATOR, placement.own_accelerator_name),
    "pipelines": rules.list_of(rules.function_name, "pipelines"),
    "defaults": _STEP,
    "steps": NamedEntries(_STEP),
    "policy": _POLICY,
}
OVERRIDES = Table(_SHARED)
"""What --set may set: all but profiles."""

EVERYTHING = Table({**_SHARED, "profiles": NamedEntries(Table(_SHARED))})


@dataclass(frozen=True)
class Layer:
    """One place's configuration: `tree` is checked; what was wrong in it is left out."""

    origin: Origin
    tree: Tree


def checked_layer(origin: Origin, tree: Tree, sink: Sink, schema: Table = EVERYTHING) -> Layer:
    """Return `tree`, read from `origin`, as `schema` keeps it; what is wrong goes to `sink`."""
    checked = _check(tree, schema, (), origin, sink)
    return Layer(origin, checked if isinstance(checked, dict) else {})


def _check(value: object, schema: Schema, path: TomlPath, origin: Origin, sink: Sink) -> Any:
    """Return `value` as `schema` keeps it, without what is wrong in it; all of that is reported."""
    if isinstance(schema, Lazy):
        return _check(value, schema.load(), path, origin, sink)
    if isinstance(schema, Table) and schema.short and not isinstance(value, dict):
        inner = _check(value, schema.keys[schema.short], path, origin, sink)
        return {} if inner is _WRONG else {schema.short: inner}
    if isinstance(schema, Table | NamedEntries):
        if not isinstance(value, dict):
            hint = f"write it as [{_dotted(path)}] with its keys below"
            _report(sink, "HR402", f"`{_dotted(path)}` must be a table", origin.value(path), hint)
            return _WRONG
        return _check_entries(value, schema, path, origin, sink)
    if isinstance(schema, ListOf):
        return _check_list(value, schema, path, origin, sink)
    try:
        return schema(value)
    except rules.Refused as refused:
        message = f"`{_dotted(path)}` {refused.message}"
        _report(sink, refused.code, message, origin.value(path), refused.hint)
        return _WRONG


def _check_entries(
    value: Tree, schema: Table | NamedEntries, path: TomlPath, origin: Origin, sink: Sink
) -> Tree:
    checked: Tree = {}
    for name, entry in value.items():
        inner_path = (*path, name)
        entry_schema = _entry_schema(name, schema, inner_path, origin, sink)
        if entry_schema is not None:
            inner = _check(entry, entry_schema, inner_path, origin, sink)
            if inner is not _WRONG:
                checked[name] = inner
    return checked


def _check_list(
    value: object, schema: ListOf, path: TomlPath, origin: Origin, sink: Sink
) -> object:
    if not isinstance(value, list):
        message = f"`{_dotted(path)}` must be a list of {schema.what}"
        _report(sink, "HR402", message, origin.value(path), "put it in [ ]")
        return _WRONG
    checked = []
    for index, element in enumerate(value):
        inner = _check(element, schema.entry, (*path, index), origin, sink)
        if inner is _WRONG:
            continue
        try:
            if schema.check is not None:
                schema.check(inner)
            checked.append(inner)
        except rules.Refused as refused:
            message = f"`{_dotted((*path, index))}` {refused.message}"
            place = origin.value((*path, index)) or origin.key(path)
            _report(sink, refused.code, message, place, refused.hint)
    return checked


def _entry_schema(
    name: str, schema: Table | NamedEntries, path: TomlPath, origin: Origin, sink: Sink
) -> Schema | None:
    if isinstance(schema, Table):
        if name not in schema.keys:
            hint = did_you_mean(name, schema.keys) or known_names(schema.keys)
            _report(sink, "HR401", f"unknown key `{_dotted(path)}`", origin.key(path), hint)
        return schema.keys.get(name)
    try:
        if schema.check_name is not None:
            schema.check_name(name)
    except rules.Refused as refused:
        message = f"`{_dotted(path)}` {refused.message}"
        _report(sink, refused.code, message, origin.key(path), refused.hint)
        return None
    return schema.entry


_WRONG = object()


def _report(sink: Sink, code: str, message: str, span: Span | None, hint: str) -> None:
    sink.report(code, message, span, hint=hint)


def _dotted(path: Iterable[str | int]) -> str:
    return ".".join(
        name if re.fullmatch(r"[\w-]+", name, re.ASCII) else f'"{name}"' for name in map(str, path)
    )
