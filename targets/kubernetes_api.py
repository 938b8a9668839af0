"""Speaks with the API server of a cluster; the `kubernetes` client is imported when it is called.

The cluster is found as kubectl finds it: KUBECONFIG, ~/.kube/config, or the account of the pod.
"""

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from headrace.compiler.engine import Connection, EngineError
from headrace.targets.http_api import Refused, not_installed

_READING = 60
"""Seconds after which an API server counts as one that does not answer."""

_OWN_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
"""Where a pod finds its namespace:
https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/"""

APPLY = "application/apply-patch+yaml"
"""Server-side apply: https://kubernetes.io/docs/reference/using-api/server-side-apply/"""

MERGE = "application/merge-patch+json"

METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""Of a list only the metadata: https://kubernetes.io/docs/reference/using-api/api-concepts/"""

MANAGER = "headrace"
"""Whose the fields are that headrace applies."""

Query = Sequence[tuple[str, str]]


class KubernetesApi:
    """A namespace of a cluster."""

    def __init__(self, connection: Connection, *, extra: str) -> None:
        """Find the cluster; `extra` is that of headrace which installs the client.

        Raises:
            EngineError: the client is not installed, or no cluster is configured.
        """
        try:
            from kubernetes import client, config
        except ImportError:
            raise not_installed("the client of Kubernetes", extra) from None
        try:
            # The client looks at the environment once, when it is imported.
            file = os.environ.get("KUBECONFIG") or "~/.kube/config"
            contexts, active = config.list_kube_config_contexts(config_file=file)
            wanted = [c for c in contexts if c["name"] == (connection.context or active["name"])]
            if not wanted:
                names = ", ".join(each["name"] for each in contexts)
                raise EngineError(
                    f"the kubeconfig has no context {connection.context!r}", f"it has {names}"
                )
            self._api = config.new_client_from_config(config_file=file, context=wanted[0]["name"])
            namespace = wanted[0]["context"].get("namespace")
        except config.ConfigException as error:
            try:
                config.load_incluster_config()
            except config.ConfigException:
                raise _not_configured(error) from None
            self._api, namespace = client.ApiClient(), _OWN_NAMESPACE.read_text().strip()
        self.namespace: str = connection.namespace or namespace or "default"
        self.url: str = self._api.configuration.host.rstrip("/")

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Query = (),
        body: object = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> Any:
        """Return the JSON that the API server answers.

        Raises:
            Refused: it refuses.
            EngineError: it does not answer.
        """
        headers = {"Accept": accept}
        if body is not None:
            headers["Content-Type"] = content_type
        return json.loads(self._sent(method, path, query, headers, body))

    def apply(self, document: dict[str, Any]) -> None:
        """Create an object, or make the one of its name the same.

        Raises:
            Refused, EngineError: as for `call`.
        """
        query = [("fieldManager", MANAGER), ("force", "true"), ("fieldValidation", "Strict")]
        path = f"{self.path(document)}/{document['metadata']['name']}"
        self.call("PATCH", path, query=query, body=document, content_type=APPLY)

    def path(self, document: dict[str, Any]) -> str:
        """Return the path of objects of the kind of `document` in the namespace."""
        version = document["apiVersion"]
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        return f"{root}/namespaces/{self.namespace}/{document['kind'].lower()}s"

    def pods(self, selector: str) -> list[dict[str, Any]]:
        """Return the pods that the label `selector` finds."""
        path = f"/api/v1/namespaces/{self.namespace}/pods"
        items = self.call("GET", path, query=[("labelSelector", selector)])["items"]
        return list(items)

    def log(self, pod: str, container: str, since: str) -> list[tuple[str, str]]:
        """Return the lines of a log, each with its time, from the second `since` on, if given."""
        query = [("container", container), ("timestamps", "true")]
        if since:
            query.append(("sinceTime", since))
        path = f"/api/v1/namespaces/{self.namespace}/pods/{pod}/log"
        text = self._sent("GET", path, query, {"Accept": "*/*"}, None).decode(errors="replace")
        # A line may hold what else Python would end one at: a progress bar has a `\r` each turn.
        return [_timed(line) for line in text.removesuffix("\n").split("\n") if line]

    def _sent(
        self, method: str, path: str, query: Query, headers: dict[str, str], body: object
    ) -> bytes:
        from urllib3.exceptions import HTTPError

        # The client knows how to reach the cluster and who we are; its methods differ between its
        # versions, and none of them reads a log as it is or a list without its objects' contents.
        for setting in self._api.configuration.auth_settings().values():
            headers = {**headers, setting["key"]: setting["value"]}
        query_text = f"?{urlencode(query)}" if query else ""
        try:
            response = self._api.rest_client.pool_manager.request(
                method,
                f"{self.url}{path}{query_text}",
                headers=headers,
                body=None if body is None else json.dumps(body),
                timeout=_READING,
            )
        except HTTPError as error:
            cause = getattr(error, "reason", None) or error
            raise EngineError(
                f"cannot reach the cluster at {self.url}: {cause}",
                "try `kubectl cluster-info`; --context and KUBECONFIG name another one",
                passing=True,
            ) from None
        if response.status >= 400:
            raise self._refused(response)
        return bytes(response.data)

    def _refused(self, response: Any) -> Refused:
        try:
            said = json.loads(response.data)["message"]
        except (KeyError, TypeError, ValueError):
            said = response.reason or response.data.decode(errors="replace")
        hint = ""
        if response.status == 401:
            hint = "log in again, as for kubectl: the kubeconfig's credentials are not accepted"
        elif response.status == 403:
            hint = f"ask for a role in the namespace {self.namespace}, or give another --namespace"
        return Refused(response.status, f"the cluster at {self.url} refuses: {said}", hint)


class PodLog:
    """The log of a container, read in parts: only what came since the last second is read again."""

    def __init__(self, api: KubernetesApi, pod: str, container: str, own: re.Pattern[str]) -> None:
        """Read the log of `container`; lines that `own` finds are the engine's and left out."""
        self._api, self._pod, self._container, self._own = api, pod, container, own
        self._since = ""
        self._given: set[tuple[str, str]] = set()

    def next_lines(self) -> list[str]:
        """Return the lines that were not given out yet.

        Raises:
            EngineError: there is no such pod any more, or the log cannot be read.
        """
        try:
            timed = self._api.log(self._pod, self._container, self._since)
        except Refused as error:
            if error.status == 400:  # the container has not started yet
                return []
            if error.status == 404:
                raise EngineError(
                    f"the pod {self._pod} is gone, and its log with it",
                    "keep pods longer, or look where the cluster collects logs",
                ) from None
            raise
        new = [line for line in timed if line not in self._given]
        if timed:
            self._since = _second(timed[-1][0])
            self._given = {line for line in timed if _second(line[0]) == self._since}
        return [text for _, text in new if not self._own.search(text)]


def documents(text: str) -> list[dict[str, Any]]:
    """Return the objects in a YAML file; PyYAML comes with the client of Kubernetes."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where it is
    return [document for document in yaml.load_all(text, Loader=loader) if document]


def _timed(line: str) -> tuple[str, str]:
    time, _, text = line.partition(" ")
    return time, text


def _second(time: str) -> str:
    """Return the second of an RFC 3339 `time`, which is all that the kubelet looks at."""
    return time.partition(".")[0].rstrip("Z") + "Z"


def _not_configured(error: Exception) -> EngineError:
    return EngineError(
        f"no cluster is configured: {error}",
        "set KUBECONFIG, or log in to a cluster so that `kubectl get pods` works",
    )
