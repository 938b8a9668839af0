"""The pod of a step in the words of Kubernetes, the same for every target and for policies."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from headrace.compiler.settings import StepSettings, Volume

Tree: TypeAlias = dict[str, Any]
"""A part of a Kubernetes object, as its JSON has it."""

MAIN = "main"
"""What the step's own container is called in the setting `pod`, on every target."""

QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
"""By this Kueue knows which pods to hold back: https://kueue.sigs.k8s.io/docs/tasks/run/plain_pods/"""

VOLCANO = "volcano"
"""The scheduler of Volcano, which has queues of its own."""

VOLCANO_QUEUE = "scheduling.volcano.sh/queue-name"
"""The annotation that puts the pods of Volcano into a queue:
https://github.com/volcano-sh/apis/blob/master/pkg/apis/scheduling/v1beta1/labels.go"""

MERGE_KEYS = {
    "containers": "name",
    "env": "name",
    "hostAliases": "ip",
    "imagePullSecrets": "name",
    "initContainers": "name",
    "ports": "containerPort",
    "resourceClaims": "name",
    "schedulingGates": "name",
    "topologySpreadConstraints": "topologyKey",
    "volumeDevices": "devicePath",
    "volumeMounts": "mountPath",
    "volumes": "name",
}
"""The lists that a strategic merge patch merges, each by a key of its elements; it replaces others:
the `patchMergeKey` of https://github.com/kubernetes/api/blob/master/core/v1/types.go"""

_LONGEST_NAME = 63


def labels(settings: StepSettings) -> dict[str, str]:
    """Return the labels of the pod of a step with `settings`."""
    queued = settings.queue is not None and settings.scheduler != VOLCANO
    return {**settings.labels, **({QUEUE_LABEL: settings.queue or ""} if queued else {})}


def annotations(settings: StepSettings) -> dict[str, str]:
    """Return the annotations of the pod of a step with `settings`."""
    queued = settings.queue is not None and settings.scheduler == VOLCANO
    return {**settings.annotations, **({VOLCANO_QUEUE: settings.queue or ""} if queued else {})}


def written_resources(settings: StepSettings) -> dict[str, str]:
    """Return the resources that stand in `settings`, by name."""
    asked = {
        "cpu": settings.cpu,
        "memory": settings.memory,
        "ephemeral-storage": settings.ephemeral_storage,
    }
    return {name: q for name, q in asked.items() if q is not None} | settings.resources


def environment(settings: StepSettings) -> list[Tree]:
    """Return the variables of `env`, as Kubernetes has to be given them.

    It reads `$(NAME)` and `$$` in a value; a doubled `$` always arrives as one.
    """
    texts = settings.env.items()
    return [{"name": name, "value": text.replace("$", "$$")} for name, text in texts]


def references(settings: StepSettings) -> list[Tree]:
    """Return the variables whose values stand in secrets and config maps, as a container's env."""
    kinds = {"secretKeyRef": settings.secrets, "configMapKeyRef": settings.config_maps}
    found = []
    for kind, variables in kinds.items():
        for name, written in variables.items():
            source, _, key = written.partition("/")
            found.append({"name": name, "valueFrom": {kind: {"name": source, "key": key}}})
    return found


def volumes(settings: StepSettings) -> tuple[list[Tree], list[Tree]]:
    """Return the volumes of the pod, each source once, and where its container mounts them."""
    found: dict[str, Tree] = {}
    mounts = []
    for path, volume in settings.volumes.items():
        source = _source(volume)
        name = _volume_name(path, volume, source, found)
        found[name] = {"name": name, **source}
        mounts.append(
            {
                "name": name,
                "mountPath": path,
                **({"subPath": volume.sub_path} if volume.sub_path else {}),
                **({"readOnly": True} if volume.read_only else {}),
            }
        )
    return list(found.values()), mounts


def _source(volume: Volume) -> Tree:
    if volume.pvc is not None:
        return {"persistentVolumeClaim": {"claimName": volume.pvc}}
    if volume.config_map is not None:
        return {"configMap": {"name": volume.config_map}}
    if volume.secret is not None:
        return {"secret": {"secretName": volume.secret}}
    if volume.host_path is not None:
        return {"hostPath": {"path": volume.host_path}}
    empty = volume.empty_dir
    medium = {"medium": empty.medium} if empty and empty.medium else {}
    limit = {"sizeLimit": empty.size_limit} if empty and empty.size_limit else {}
    return {"emptyDir": {**medium, **limit}}


def _volume_name(path: str, volume: Volume, source: Tree, taken: Mapping[str, Tree]) -> str:
    """Return the name of the volume at `path`: one for each source, but for empty folders."""
    kinds = {
        "pvc": volume.pvc,
        "config": volume.config_map,
        "secret": volume.secret,
        "host": volume.host_path,
    }
    kind, named = next(((k, n) for k, n in kinds.items() if n is not None), ("empty", path))
    stem = re.sub("[^a-z0-9]+", "-", f"{kind}-{named}".lower()).strip("-")[:_LONGEST_NAME]
    stem = name = stem.strip("-")
    number = 1
    while name in taken and (kind == "empty" or taken[name] != {"name": name, **source}):
        number += 1
        suffix = f"-{number}"
        name = stem[: _LONGEST_NAME - len(suffix)] + suffix
    return name


def pod(settings: StepSettings, resources: Mapping[str, str], affinity: Tree | None = None) -> Tree:
    """Return the pod of a step: its metadata, and its PodSpec with the setting `pod` merged in.

    `resources` are the limits and requests of its container by name, `affinity` that of the pod.
    What engines add, and where else the pod is placed, is not in it.
    """
    container: Tree = {
        "name": MAIN,
        "image": settings.image,
        "env": [*environment(settings), *references(settings)],
    }
    if resources:
        container["resources"] = {"requests": dict(resources), "limits": dict(resources)}
    found, mounts = volumes(settings)
    container |= {"volumeMounts": mounts} if mounts else {}
    named = {
        "serviceAccountName": settings.service_account,
        "priorityClassName": settings.priority_class,
        "schedulerName": settings.scheduler,
    }
    spec: Tree = {key: value for key, value in named.items() if value is not None}
    spec |= {"affinity": affinity} if affinity else {}
    spec |= {"containers": [container], **({"volumes": found} if found else {})}
    metadata = {"labels": labels(settings), "annotations": annotations(settings)}
    return {
        "metadata": {key: value for key, value in metadata.items() if value},
        "spec": merged(spec, settings.pod),
    }


def main_container(pod: Tree) -> Tree:
    """Return the step's own container of `pod`."""
    return next(each for each in pod["spec"]["containers"] if each["name"] == MAIN)


def containers(pod: Tree) -> Iterator[tuple[str, Tree]]:
    """Yield all containers of `pod`, each with the field of the PodSpec that lists it."""
    for kind in ("containers", "initContainers"):
        yield from ((kind, container) for container in pod["spec"].get(kind, ()))


def merged(tree: Mapping[str, Any], patch: Mapping[str, Any]) -> Tree:
    """Return `tree` with `patch` merged in as `kubectl patch` does (a strategic merge patch)."""
    result = dict(tree)
    for key, value in patch.items():
        there = result.get(key)
        if isinstance(value, dict) and isinstance(there, dict):
            result[key] = merged(there, value)
        elif isinstance(value, list) and isinstance(there, list) and key in MERGE_KEYS:
            result[key] = _merged_list(there, value, MERGE_KEYS[key])
        else:
            result[key] = value
    return result


def _merged_list(there: Sequence[Tree], patch: Sequence[Tree], key: str) -> list[Tree]:
    result = list(there)
    for element in patch:
        at = next((i for i, e in enumerate(result) if e.get(key) == element.get(key)), None)
        if at is None:
            result.append(element)
        else:
            result[at] = merged(result[at], element)
    return result
