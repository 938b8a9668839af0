"""Shows nodes and pods to the real scheduler, and tells what it decides; no pod need run.

Nodes are objects without a kubelet. All of them have a taint of the test's own, and its pods a
toleration of that: pods of others stay away from them, and each world of nodes from the next.
It needs the environment `.venvs/airflow`; `kubernetes` is imported when it is called.
"""

import copy
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cluster.clients import STRICT
from cluster.node_kinds import NO_SCHEDULE, Kind, Node
from cluster.server import Document

WORLD = "test.headrace.example/world"
_OF_ALL = "test.headrace.example/test"
_LAST, _LAST_LABEL = "last", "test.headrace.example/last"
_SECONDS = 300
_THREADS = 8
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


@dataclass(frozen=True)
class Subject:
    """A pod's specification, in a world of nodes, and the kind that alone is right for it.

    It is `damaged` if something in it was made wrong.
    """

    world: str
    own: str
    pod: Document
    damaged: bool = False


@dataclass(frozen=True)
class Decision:
    """What the scheduler decides on a pod: the kind of its node, or why it stays Pending.

    `devices` are those that it allocates to the claims of the pod.
    """

    kind: str | None
    reason: str = ""
    devices: tuple[str, ...] = ()


class Field:
    """Nodes, in worlds of their own, and the pods that look for one there."""

    def __init__(self, api: Any, namespace: str) -> None:
        """Take the namespace for pods, and its name for that of nodes."""
        from kubernetes.client import CoreV1Api

        self._core = CoreV1Api(api)
        self._namespace = namespace
        self._nodes: dict[tuple[str, str], list[str]] = {}
        self._kinds: dict[str, str] = {}
        self._made = 0

    def add(self, kinds: Iterable[tuple[str, Kind]]) -> None:
        """Make the nodes of `kinds`, each in the world before it."""
        made = []
        for world, kind in kinds:
            names = [self._new_name() for _ in kind.nodes]
            assert (world, kind.name) not in self._nodes
            self._nodes[world, kind.name] = names
            self._kinds |= dict.fromkeys(names, kind.name)
            made += [(n, world, node) for n, node in zip(names, kind.nodes, strict=True)]
        _at_once(lambda each: self._create_node(*each), made)

    def remove(self, kinds: Iterable[tuple[str, str]]) -> None:
        """Remove the nodes of the kinds of these names."""
        names = [name for world_and_kind in kinds for name in self._nodes.pop(world_and_kind)]
        _at_once(lambda name: self._core.delete_node(name, _preload_content=False), names)

    def decisions(
        self, subjects: Mapping[str, Subject], *, out_of_reach: bool = False
    ) -> dict[str, Decision]:
        """Return what the scheduler decides on each pod, all nodes known to it; then remove them.

        With `out_of_reach` the pods may not go to nodes of their own kind, as if these were not
        there, while each is for all the others.
        """
        self._until_nodes_are_known()
        specifications = {
            name: self._out_of_reach(subject) if out_of_reach else subject.pod
            for name, subject in subjects.items()
        }
        pods = {f"pod-{number}": name for number, name in enumerate(subjects)}
        _at_once(
            lambda pod: self._create_pod(pod, subjects[pods[pod]].world, specifications[pods[pod]]),
            pods,
        )
        decided = self._until_decided(set(pods))
        made = {pods[pod]: self._decision(status) for pod, status in decided.items()}
        self._remove_pods()
        return made

    def clear(self) -> None:
        """Remove all nodes and pods."""
        self._remove_pods()
        selector = f"{_OF_ALL}={self._namespace}"
        self._core.delete_collection_node(label_selector=selector, _preload_content=False)

    def _new_name(self) -> str:
        self._made += 1
        return f"{self._namespace}-{self._made}"

    def _taint(self, world: str) -> dict[str, str]:
        return {"key": WORLD, "value": f"{self._namespace}.{world}", "effect": NO_SCHEDULE}

    def _create_node(self, name: str, world: str, node: Node) -> None:
        labels = {**node.labels, "kubernetes.io/hostname": name, _OF_ALL: self._namespace}
        taints = [self._taint(world), *node.taints]
        body = {
            "metadata": {"name": name, "labels": labels},
            "spec": {"taints": taints},
            "status": {
                "allocatable": node.resources,
                "capacity": node.resources,
                "conditions": [{"type": "Ready", "status": "True"}],
            },
        }
        self._core.create_node(body, **STRICT, _preload_content=False)
        # Admission adds one that says that the node is not ready.
        self._core.patch_node(name, {"spec": {"taints": taints}}, _preload_content=False)

    def _create_pod(self, name: str, world: str, specification: Document) -> None:
        tolerations = [*specification.get("tolerations", ()), self._taint(world)]
        spec = {**specification, "tolerations": tolerations}
        body = {"metadata": {"name": name}, "spec": spec}
        self._core.create_namespaced_pod(self._namespace, body, **STRICT, _preload_content=False)

    def _out_of_reach(self, subject: Subject) -> Document:
        pod = copy.deepcopy(subject.pod)
        own = self._nodes[subject.world, subject.own]
        fields = [{"key": "metadata.name", "operator": "NotIn", "values": [name]} for name in own]
        affinity = pod.setdefault("affinity", {}).setdefault("nodeAffinity", {})
        required = affinity.setdefault(_REQUIRED, {"nodeSelectorTerms": [{}]})
        for term in required["nodeSelectorTerms"]:
            term["matchFields"] = fields
        return pod

    def _until_nodes_are_known(self) -> None:
        """Wait for a pod on a node that was made last: what was before it has been seen, too."""
        name = self._new_name()
        self._create_node(name, _LAST, Node({_LAST_LABEL: name}, (), {"pods": "1"}))
        container = {"name": "main", "image": "none"}
        pod = {"nodeSelector": {_LAST_LABEL: name}, "containers": [container]}
        self._create_pod(name, _LAST, pod)
        self._until(lambda: bool(self._pods()[name]["spec"].get("nodeName")), f"a pod on {name}")
        self._remove_pods()

    def _until_decided(self, names: set[str]) -> dict[str, Document]:
        found: dict[str, Document] = {}

        def all_decided() -> bool:
            found.update((n, pod) for n, pod in self._pods().items() if _is_decided(pod))
            return found.keys() == names

        self._until(all_decided, f"decisions on {len(names)} pods")
        return found

    def _until(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _SECONDS
        while not holds():
            if time.monotonic() > deadline:
                raise RuntimeError(f"waited for long enough: {what}")
            time.sleep(0.2)

    def _decision(self, pod: Document) -> Decision:
        if node := pod["spec"].get("nodeName"):
            return Decision(self._kinds.get(node, node), devices=tuple(self._allocated(pod)))
        (condition,) = (c for c in pod["status"]["conditions"] if c["type"] == "PodScheduled")
        assert pod["status"]["phase"] == "Pending"
        return Decision(None, condition["message"])

    def _allocated(self, pod: Document) -> Iterator[str]:
        from kubernetes.client import CustomObjectsApi

        for claim in pod["status"].get("resourceClaimStatuses", ()):
            found = CustomObjectsApi(self._core.api_client).get_namespaced_custom_object(
                *("resource.k8s.io", "v1", self._namespace, "resourceclaims"),
                claim["resourceClaimName"],
            )
            results = found["status"]["allocation"]["devices"]["results"]
            yield from (each["device"] for each in results)

    def _pods(self) -> dict[str, Document]:
        answer = self._core.list_namespaced_pod(self._namespace, _preload_content=False)
        return {pod["metadata"]["name"]: pod for pod in json.loads(answer.data)["items"]}

    def _remove_pods(self) -> None:
        self._core.delete_collection_namespaced_pod(
            self._namespace, grace_period_seconds=0, _preload_content=False
        )


@contextmanager
def field(api: Any, namespace: str) -> Iterator[Field]:
    """Give a field without nodes; what is in it in the end is removed."""
    made = Field(api, namespace)
    try:
        yield made
    finally:
        made.clear()


def _is_decided(pod: Document) -> bool:
    conditions = pod["status"].get("conditions", ())
    return bool(pod["spec"].get("nodeName")) or any(
        each["type"] == "PodScheduled" and each.get("reason") == "Unschedulable"
        for each in conditions
    )


def _at_once(what: Callable[[Any], Any], each_of: Iterable[Any]) -> None:
    with ThreadPoolExecutor(_THREADS) as threads:
        for _ in threads.map(what, each_of):
            pass
