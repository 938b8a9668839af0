"""Shows a folder of this machine to pods by a claim, as a user's steps have a shared volume.

The platform document of Kubeflow Pipelines knows claims, and variables from ConfigMaps, but neither
folders of a node nor variables of its own.
"""

import json
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import uuid4

import yaml

SIZE = "1Gi"
"""Nobody measures it: the folder is as large as the disk."""


class Volume:
    """The volume of `folder` in `namespace`, as long as the context lasts."""

    def __init__(self, api: Any, namespace: str, folder: Path) -> None:
        """Take the `kubernetes.client.ApiClient` of the cluster; nothing is made yet."""
        from kubernetes.client import CoreV1Api

        self.api, self.folder = api, folder
        self._core, self._namespace = CoreV1Api(api), namespace
        self.name = f"shared-{uuid4().hex}"
        self._config_maps: list[str] = []

    def __enter__(self) -> "Volume":
        """Make the volume, and the claim that is bound to it."""
        claimed = {"namespace": self._namespace, "name": self.name}
        common = {"accessModes": ["ReadWriteMany"], "storageClassName": ""}
        volume = {
            **common,
            "capacity": {"storage": SIZE},
            "hostPath": {"path": str(self.folder), "type": "Directory"},
            "claimRef": claimed,
        }
        claim = {
            **common,
            "volumeName": self.name,
            "resources": {"requests": {"storage": SIZE}},
        }
        metadata = {"name": self.name}
        self._core.create_persistent_volume({"metadata": metadata, "spec": volume})
        self._core.create_namespaced_persistent_volume_claim(
            self._namespace, {"metadata": metadata, "spec": claim}
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove what was made; what is still mounted goes with its pods."""
        for name in self._config_maps:
            self._core.delete_namespaced_config_map(name, self._namespace)
        self._core.delete_namespaced_persistent_volume_claim(self.name, self._namespace)
        self._core.delete_persistent_volume(self.name)

    def seen_by(self, package: str, variables: dict[str, str]) -> str:
        """Return `package`, two documents, with the folder and `variables` for every executor.

        The specification, its first document, stays as it is.
        """
        name = f"{self.name}-{len(self._config_maps)}"
        self._core.create_namespaced_config_map(
            self._namespace, {"metadata": {"name": name}, "data": variables}
        )
        self._config_maps.append(name)
        specification, _, platform = package.partition("\n---\n")
        document = yaml.load(platform, Loader=yaml.CSafeLoader)
        keys = [{"configMapKey": each, "envVar": each} for each in variables]
        mount = {"pvcNameParameter": _constant(self.name), "mountPath": str(self.folder)}
        given = {"configMapNameParameter": _constant(name), "keyToEnv": keys}
        for config in document["platforms"]["kubernetes"]["deploymentSpec"]["executors"].values():
            config.setdefault("pvcMount", []).append(mount)
            config.setdefault("configMapAsEnv", []).append(given)
        return f"{specification}\n---\n{json.dumps(document)}\n"


def _constant(text: str) -> dict[str, Any]:
    return {"runtimeValue": {"constant": text}}
