"""What the settings of a pod accept beside its resources, by the rules of Kubernetes.

Names: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
"""

import re
from collections.abc import Callable
from pathlib import PurePosixPath

import msgspec

from headrace.compiler.setting_rules import (
    Refused,
    Rule,
    boolean,
    label_name,
    label_value,
    memory,
    text,
)
from headrace.compiler.settings import EmptyDir, Volume
from headrace.compiler.suggestions import did_you_mean, known_names

_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_LONGEST_SUBDOMAIN = 253
_DATA_KEY = r"[-._a-zA-Z0-9]{1,253}"

_TAKEN_LABELS = frozenset(
    (
        *("airflow-worker", "airflow_kpo_in_cluster", "airflow_version", "already_checked"),
        *("dag_id", "kubernetes_pod_operator", "map_index", "run_id", "task_id", "try_number"),
    )
)
"""Labels that Airflow puts on pods itself, over those that a task asks for."""

_TAKEN_PREFIXES = ("headrace.dev/", "pipelines.kubeflow.org/", "workflows.argoproj.io/")

_QUEUES = {
    "kueue.x-k8s.io/queue-name": 'write queue = "..." instead',
    "scheduling.volcano.sh/queue-name": 'write queue = "..." and scheduler = "volcano" instead',
}

_TAKEN_PATHS = ("/airflow/xcom", "/kfp-launcher", "/tmp/headrace", "/var/run/argo")
"""Where engines, or headrace, keep their own files in the container of a step."""


def any_text(value: object) -> str:
    """Accept a text, also an empty one."""
    if value == "":
        return ""
    return text(value)


def object_name(value: object) -> str:
    """Accept the name of a Kubernetes object, which is a DNS subdomain."""
    written = text(value)
    if not re.fullmatch(_SUBDOMAIN, written) or len(written) > _LONGEST_SUBDOMAIN:
        raise Refused(
            f"is not the name of a Kubernetes object: {written!r}",
            f"use at most {_LONGEST_SUBDOMAIN} lower-case letters, digits, and - or . between them",
        )
    return written


def queue(value: object) -> str:
    """Accept the name of a queue, which becomes the value of a label."""
    written = object_name(value)
    label_value(written)
    return written


def entry(kind: str) -> Rule:
    """Return a rule that accepts NAME/KEY: an entry of an object of that `kind`."""

    def rule(value: object) -> str:
        written = text(value)
        name, slash, key = written.partition("/")
        is_name = re.fullmatch(_SUBDOMAIN, name) and len(name) <= _LONGEST_SUBDOMAIN
        if not slash or not is_name or not re.fullmatch(_DATA_KEY, key) or key in (".", ".."):
            raise Refused(
                f"does not name an entry of a {kind}: {written!r}",
                f'write "NAME/KEY": the {kind}, and the entry of it that the variable holds',
            )
        return written

    return rule


def own_label(name: str) -> None:
    """Accept the key of a label that no engine sets itself."""
    label_name(name)
    _refuse_taken(name)
    if name in _TAKEN_LABELS:
        raise Refused("is a label that Airflow sets itself", "choose another key")


def annotation_name(name: str) -> None:
    """Accept the key of an annotation that no engine sets itself."""
    label_name(name)
    _refuse_taken(name)


def _refuse_taken(name: str) -> None:
    if name in _QUEUES:
        raise Refused("has a key of its own", _QUEUES[name])
    for prefix in _TAKEN_PREFIXES:
        if name.startswith(prefix):
            raise Refused(f"is set by an engine or by headrace ({prefix})", "choose another key")


def mount_path(name: str) -> None:
    """Accept an absolute path at which nothing of an engine stands."""
    path = PurePosixPath(name)
    if not path.is_absolute() or str(path) != name or ":" in name or ".." in path.parts:
        hint = 'write it as "/data": from the root, without "..", ":" or a "/" at its end'
        raise Refused("is not a path where a volume can be mounted", hint)
    for taken in map(PurePosixPath, _TAKEN_PATHS):
        if path in (taken, *taken.parents) and str(path) != "/tmp":
            raise Refused(f"would hide {taken}, which headrace or an engine uses", "mount it below")
        if taken in path.parents:
            raise Refused(f"is within {taken}, which headrace or an engine uses", "choose another")


def _host_path(value: object) -> str:
    written = text(value)
    if not written.startswith("/") or ".." in PurePosixPath(written).parts:
        raise Refused(f"has a host_path that is not absolute: {written!r}", "begin it with /")
    return written


def _sub_path(value: object) -> str:
    written = text(value)
    if written.startswith("/") or ".." in PurePosixPath(written).parts:
        hint = "write it from the volume's root on, without a / before it"
        raise Refused(f"has a sub_path that is not relative: {written!r}", hint)
    return written


def _empty_dir(value: object) -> EmptyDir:
    """Accept a size, or a table of `medium` and `size_limit`, which may be empty."""
    if not isinstance(value, dict):
        return EmptyDir(size_limit=memory(value))
    checked = _known(value, {"medium": _medium, "size_limit": memory})
    return msgspec.convert(checked, EmptyDir)


def _medium(value: object) -> str:
    """Accept memory, or huge pages: of the size that the container asks for, or of one of them."""
    written = text(value)
    if written != "Memory" and not re.fullmatch(r"HugePages(-\d+[KMG]i)?", written):
        hint = 'write "Memory", "HugePages", or "HugePages-2Mi"; leave it out for a disk'
        raise Refused(f"has no medium of Kubernetes: {written!r}", hint)
    return written


_SOURCES: dict[str, Callable[[object], object]] = {
    "pvc": object_name,
    "empty_dir": _empty_dir,
    "config_map": object_name,
    "secret": object_name,
    "host_path": _host_path,
}
_VOLUME: dict[str, Callable[[object], object]] = {
    **_SOURCES,
    "sub_path": _sub_path,
    "read_only": boolean,
}


def volume(value: object) -> Volume:
    """Accept a table that names one source of a volume, and how it is mounted."""
    if not isinstance(value, dict):
        raise Refused("must be a table", 'write { pvc = "datasets" }')
    checked = _known(value, _VOLUME)
    sources = [name for name in checked if name in _SOURCES]
    if len(sources) != 1:
        raise Refused(
            f"must have one source, not {len(sources)}",
            f"name one of {', '.join(_SOURCES)}",
        )
    if sources == ["empty_dir"] and checked.get("sub_path"):
        raise Refused("has a sub_path of an empty folder", "leave sub_path out")
    return msgspec.convert(checked, Volume)


def _known(
    value: dict[str, object], keys: dict[str, Callable[[object], object]]
) -> dict[str, object]:
    for key in value:
        if key not in keys:
            hint = did_you_mean(key, keys) or known_names(keys)
            raise Refused(f"has an unknown key {key!r}", hint, code="HR401")
    return {key: keys[key](inner) for key, inner in value.items()}


# --- what a policy says --------------------------------------------------------------------------

_REGISTRY = r"[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d+)?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"


def registry(value: object) -> str:
    """Accept a registry, or a part of one: `ghcr.io`, `ghcr.io/acme`."""
    written = text(value)
    if not re.fullmatch(_REGISTRY, written):
        hint = 'write it as "ghcr.io" or "ghcr.io/acme", without https:// and without a tag'
        raise Refused(f"is not a registry, or a part of one: {written!r}", hint)
    return written


def forbidding(word: str) -> Rule:
    """Return a rule that accepts `word` only, since policies cannot allow what others forbid."""

    def rule(value: object) -> str:
        if value != word:
            hint = f'write "{word}", or leave the key out: policies add up, and none takes away'
            raise Refused(f'must be "{word}"', hint)
        return word

    return rule


def limited_resource(value: object) -> str:
    """Accept the name of a resource that can have a limit."""
    written = text(value)
    if not re.fullmatch(r"cpu|memory|ephemeral-storage|[a-z0-9.-]+/[\w.-]+", written):
        hint = 'write "cpu", "memory", "ephemeral-storage", or the name of another resource'
        raise Refused(f"is not the name of a resource: {written!r}", hint)
    return written
