"""What the Kubernetes platform of Kubeflow carries of a step's pod, and what it does not.

What the API server makes of each field:
https://github.com/kubeflow/pipelines/blob/master/backend/src/v2/driver/k8s.go
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from headrace.compiler import pods
from headrace.compiler.pods import Tree
from headrace.compiler.settings import StepSettings
from headrace.targets.accelerators import Placement
from headrace.targets.kubeflow import manifest

_BY_TABLE = frozenset({"priorityClassName", "schedulerName", "serviceAccountName"})
"""Fields of a PodSpec that the capability table answers for."""

_VOLUME_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""The backend calls a volume as its secret, config map or claim, whose names may be longer."""


@dataclass
class CarriedPod:
    """A pod as the platform carries it: `config` are fields of the executor's configuration.

    `devices` are the resources besides cpu and memory, of which there is place for one. `refused`
    says what else it cannot carry, each with the reason.
    """

    variables: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    resources: manifest.Resources | None = None
    devices: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def carried(settings: StepSettings, placement: Placement) -> CarriedPod:
    """Return the pod of a step with `settings`, as the setting `pod` leaves it."""
    made = pods.pod(placement.applied(settings), placement.resources)
    return _Carrying(made).carried()


class _Carrying:
    """Takes a pod apart, field by field; what is left is refused."""

    def __init__(self, made: Tree) -> None:
        self._metadata: Tree = made["metadata"]
        self._spec: Tree = dict(made["spec"])
        self._container: Tree = dict(pods.main_container(made))
        self._result = CarriedPod()
        self._lists: dict[str, list[Any]] = {}

    def carried(self) -> CarriedPod:
        """Return what is carried, and what is refused."""
        for name in ("name", "image"):
            self._container.pop(name)
        self._variables()
        self._resources()
        self._volumes()
        self._images()
        self._spec.pop("containers")
        for name in self._spec.keys() - _BY_TABLE:
            self._refuse(f"`pod.{name}`", "its platform spec has no place for it")
        for name in self._container:
            self._refuse(f"`{name}` of the container", "its platform spec has no place for it")
        self._result.refused.sort()
        self._result.config |= {name: tuple(listed) for name, listed in self._lists.items()}
        self._result.labels = self._metadata.get("labels", {})
        self._result.annotations = self._metadata.get("annotations", {})
        return self._result

    def _refuse(self, what: str, why: str) -> None:
        self._result.refused.append(f"{what}: {why}")

    def _add(self, kind: str, element: Any) -> None:
        self._lists.setdefault(kind, []).append(element)

    def _variables(self) -> None:
        for variable in self._container.pop("env"):
            name, source = variable["name"], variable.get("valueFrom")
            match source:
                case None:
                    self._result.variables[name] = variable.get("value", "")
                case {"secretKeyRef": {"name": str(of), "key": str(key), **rest}} if not rest:
                    entries = [{"secretKey": key, "envVar": name}]
                    self._add("secret_as_env", {**given_as("secretName", of), "keyToEnv": entries})
                case {"configMapKeyRef": {"name": str(of), "key": str(key), **rest}} if not rest:
                    entries = [{"configMapKey": key, "envVar": name}]
                    named = given_as("configMapName", of)
                    self._add("config_map_as_env", {**named, "keyToEnv": entries})
                case {"fieldRef": {"fieldPath": str(path), **rest}} if not rest:
                    self._add("field_path_as_env", {"name": name, "fieldPath": path})
                case _:
                    self._refuse(f"the variable `{name}`", "it takes secrets, config maps, fields")

    def _resources(self) -> None:
        asked: Tree = self._container.pop("resources", {})
        limits, requests = asked.get("limits", {}), asked.get("requests", {})
        others = self._result.devices = sorted({*limits, *requests} - {"cpu", "memory"})
        if asked.get("claims"):
            self._refuse("`resources.claims`", "its specification has no place for it")
        for name in others:
            if requests.get(name, limits.get(name)) != limits.get(name):
                self._refuse(f"a request of {name} that is not its limit", "it sets both alike")
        if limits or requests:
            self._result.resources = manifest.Resources(
                resource_cpu_request=requests.get("cpu"),
                resource_cpu_limit=limits.get("cpu"),
                resource_memory_request=requests.get("memory"),
                resource_memory_limit=limits.get("memory"),
                accelerator=manifest.Accelerator(
                    resource_type=others[0], resource_count=str(limits.get(others[0]))
                )
                if others
                else None,
            )

    def _images(self) -> None:
        if policy := self._container.pop("imagePullPolicy", None):
            self._result.config["image_pull_policy"] = policy
        for secret in self._spec.pop("imagePullSecrets", ()):
            self._add("image_pull_secret", given_as("secretName", secret.get("name", "")))

    # --- volumes ---------------------------------------------------------------------------------

    def _volumes(self) -> None:
        volumes = {volume["name"]: volume for volume in self._spec.pop("volumes", ())}
        mounts = self._container.pop("volumeMounts", ())
        mounted = [mount["name"] for mount in mounts]
        for name in volumes.keys() - mounted:
            self._refuse(f"the volume `{name}`", "nothing mounts it")
        names = []
        for mount in mounts:
            for name in self._mount(mount, volumes.get(mount["name"], {})):
                names.append(name)
        for name, times in Counter(names).items():
            if not _VOLUME_NAME.fullmatch(name):
                self._refuse(f"the volume of `{name}`", "its name is no name of a volume")
            if times > 1:
                self._refuse(
                    f"{times} volumes of `{name}`", "it calls them alike, which is an error"
                )

    def _mount(self, mount: Tree, volume: Tree) -> Iterator[str]:
        """Carry what is mounted, and yield the name that the backend gives the volume."""
        path = mount["mountPath"]
        options = {key for key in mount if key not in ("name", "mountPath")}
        match {key: value for key, value in volume.items() if key != "name"}:
            case {"persistentVolumeClaim": {"claimName": str(name), **rest}} if not rest:
                options -= {"subPath"}
                below = {"subPath": mount["subPath"]} if "subPath" in mount else {}
                claim = {"constant": name, "pvcNameParameter": _constant(name)}
                self._add("pvc_mount", {**claim, "mountPath": path, **below})
            case {"secret": {"secretName": str(name), **rest}} if not rest:
                self._add("secret_as_volume", {**given_as("secretName", name), "mountPath": path})
            case {"configMap": {"name": str(name), **rest}} if not rest:
                named = given_as("configMapName", name)
                self._add("config_map_as_volume", {**named, "mountPath": path})
            case {"emptyDir": {**fields}} if fields.keys() <= {"medium", "sizeLimit"}:
                name = mount["name"]
                volume_name = {"volumeName": name, "mountPath": path}
                self._add("empty_dir_mounts", {**volume_name, **fields})
            case {"hostPath": _}:
                return  # the capability table answers for it
            case _:
                self._refuse(f"the volume at {path}", "it takes claims, secrets, config maps")
                return
        for option in sorted(options):
            self._refuse(f"`{option}` of the volume at {path}", "its platform spec has no place")
        yield name


def given_as(field: str, name: str) -> Tree:
    """Return `name` as older backends read it, and as a constant, which newer ones do."""
    return {field: name, f"{field}Parameter": _constant(name)}


def _constant(text: str) -> Tree:
    return {"runtimeValue": {"constant": text}}
