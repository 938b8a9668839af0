"""Runs the containers of manifests as pods, one at a time, to their end.

It needs the environment `.venvs/airflow`; `kubernetes` is imported when it is called.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

SECONDS = 120


@dataclass(frozen=True)
class Ended:
    """How the container of a pod ended; `message` is what its termination log held."""

    exit_code: int
    message: str
    log: str


class DidNotEnd(Exception):
    """A pod did not end; the text says what it waits for."""


def create(api: Any, namespace: str, container: dict[str, Any], **spec: Any) -> str:
    """Start a pod with `container`; return its name."""
    from kubernetes.client import CoreV1Api

    body = {
        "metadata": {"generateName": "step-"},
        "spec": {
            "restartPolicy": "Never",
            "containers": [{"name": "main", **container}],
            **spec,
        },
    }
    pod = CoreV1Api(api).create_namespaced_pod(namespace, body, field_validation="Strict")
    return str(pod.metadata.name)


def run(api: Any, namespace: str, container: dict[str, Any], **spec: Any) -> Ended:
    """Run a pod with `container` to its end, and remove it.

    Raises:
        DidNotEnd: it did not end.
    """
    from kubernetes.client import CoreV1Api

    name = create(api, namespace, container, **spec)
    ended = until(api, namespace, name, terminated)
    pods = CoreV1Api(api)
    text = log(api, namespace, name)
    pods.delete_namespaced_pod(name, namespace, grace_period_seconds=0)
    return Ended(ended.exit_code, ended.message or "", text)


def log(api: Any, namespace: str, name: str) -> str:
    """Return what the container of the pod `name` has written."""
    from kubernetes.client import CoreV1Api

    # Left to itself, the client makes of bytes the text of a Python constant.
    answer = CoreV1Api(api).read_namespaced_pod_log(name, namespace, _preload_content=False)
    text: str = answer.data.decode()
    return text


def until(api: Any, namespace: str, name: str, found: Callable[[Any], Any]) -> Any:
    """Watch the pod `name` until `found` returns something of it; return that.

    Raises:
        DidNotEnd: the pod went, or the time was up, before.
    """
    last = None
    for last in _seen(api, namespace, name):
        if (what := found(last)) is not None:
            return what
    raise DidNotEnd(f"pod {name}: {last.status if last else 'was not there'}")


def terminated(pod: Any) -> Any:
    """Return how the container of `pod` ended, or None while it has not."""
    statuses = pod.status.container_statuses or ()
    return next((s.state.terminated for s in statuses if s.state.terminated), None)


def running(pod: Any) -> Any:
    """Return since when the container of `pod` runs, or None while it does not."""
    statuses = pod.status.container_statuses or ()
    return next((s.state.running for s in statuses if s.state.running), None)


def until_logged(api: Any, namespace: str, name: str, line: str) -> None:
    """Follow the log of the pod `name` until it has `line`.

    Raises:
        DidNotEnd: its container ended, or the time was up, before.
    """
    from kubernetes.client import CoreV1Api
    from kubernetes.watch import Watch

    until(api, namespace, name, _started)
    lines = Watch().stream(
        CoreV1Api(api).read_namespaced_pod_log, name, namespace, _request_timeout=SECONDS
    )
    if line not in lines:
        raise DidNotEnd(f"pod {name} never said {line!r}")


def _seen(api: Any, namespace: str, name: str) -> Iterator[Any]:
    """Give the pod as often as it changes, until it is gone or the time is up."""
    from kubernetes.client import CoreV1Api
    from kubernetes.watch import Watch

    events = Watch().stream(
        CoreV1Api(api).list_namespaced_pod,
        namespace,
        field_selector=f"metadata.name={name}",
        timeout_seconds=SECONDS,
    )
    for event in events:
        yield event["object"]
        if event["type"] == "DELETED":
            return


def _started(pod: Any) -> Any:
    statuses = pod.status.container_statuses or ()
    states = (s.state for s in statuses if s.state.running or s.state.terminated)
    return next(states, None)
