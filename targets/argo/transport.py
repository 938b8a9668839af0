"""The two ways to Argo: the API server of its cluster, and the Argo Server.

Both give the objects of Kubernetes; the Argo Server also reads what the controller keeps elsewhere.
"""

import os
import re
from collections.abc import Iterable
from typing import Any, Protocol

from headrace.compiler.engine import Connection, EngineError, StepLog
from headrace.targets.argo.manifest import API_VERSION
from headrace.targets.http_api import HttpApi, Refused
from headrace.targets.kubernetes_api import MERGE, METADATA, KubernetesApi, PodLog

Document = dict[str, Any]

EXTRA = "argo"
CONTAINER = "main"
"""The container of a pod that runs the step."""

TEMPLATE_LABEL = "workflows.argoproj.io/workflow-template"
"""The label with the name of the template that a Workflow was made from; `argo submit --from` sets
it, too."""

CRON_LABEL = "workflows.argoproj.io/cron-workflow"
"""The label with the name of the CronWorkflow that started a Workflow: that of the template."""

STOP = {"spec": {"shutdown": "Stop"}}
"""Ends a run: https://argo-workflows.readthedocs.io/en/latest/walk-through/argo-cli/"""

_EXECUTOR_LINE = re.compile(r"^time=\S+ level=\w+ .*\bargo=true\b")
"""A line that Argo's executor writes into the log of the step's container."""


class Transport(Protocol):
    """Reads and writes Argo's objects in one namespace. Every method may raise `EngineError`."""

    @property
    def namespace(self) -> str:
        """The namespace."""

    def apply(self, document: Document) -> None:
        """Create an object, or make the one of its name the same."""

    def create(self, workflow: Document) -> Document:
        """Create a Workflow, and return it with its name."""

    def workflow(self, name: str) -> Document:
        """Return the Workflow `name`."""

    def workflows(self) -> Iterable[Document]:
        """Return the metadata of all Workflows."""

    def templates(self) -> Iterable[Document]:
        """Return the metadata of all WorkflowTemplates."""

    def stop(self, name: str) -> None:
        """Stop the Workflow `name`."""

    def log(self, workflow: str, pod: str) -> StepLog:
        """Return the log of a step's container."""


def connect(connection: Connection) -> Transport:
    """Return the way to Argo: its server if one is named here or in ARGO_SERVER, else the cluster.

    Raises:
        EngineError: neither can be used.
    """
    server = connection.server or os.environ.get("ARGO_SERVER", "")
    return ServerTransport(server, connection) if server else ClusterTransport(connection)


class ClusterTransport:
    """Argo through the API server of Kubernetes."""

    def __init__(self, connection: Connection) -> None:
        """Find the cluster; see `KubernetesApi` for what is raised."""
        given = connection.namespace or os.environ.get("ARGO_NAMESPACE") or None
        self._api = KubernetesApi(
            Connection(context=connection.context, namespace=given), extra=EXTRA
        )

    @property
    def namespace(self) -> str:
        """The namespace."""
        return self._api.namespace

    def apply(self, document: Document) -> None:
        """Create an object, or make the one of its name the same."""
        try:
            self._api.apply(document)
        except Refused as error:
            if error.status == 404 and document["apiVersion"] == API_VERSION:
                raise self._not_found(self._api.path(document)) from None
            raise

    def create(self, workflow: Document) -> Document:
        """Create a Workflow, and return it with its name."""
        created: Document = self._call("POST", self._path(workflow), body=workflow)
        return created

    def workflow(self, name: str) -> Document:
        """Return the Workflow `name`."""
        found: Document = self._call("GET", f"{self._workflows}/{name}")
        return found

    def workflows(self) -> Iterable[Document]:
        """Return the metadata of all Workflows."""
        return list(self._call("GET", self._workflows, accept=METADATA)["items"])

    def templates(self) -> Iterable[Document]:
        """Return the metadata of all WorkflowTemplates."""
        path = self._path({"apiVersion": API_VERSION, "kind": "WorkflowTemplate"})
        return list(self._call("GET", path, accept=METADATA)["items"])

    def stop(self, name: str) -> None:
        """Stop the Workflow `name`."""
        self._call("PATCH", f"{self._workflows}/{name}", body=STOP, content_type=MERGE)

    def log(self, workflow: str, pod: str) -> StepLog:
        """Return the log of a step's container."""
        return PodLog(self._api, pod, CONTAINER, _EXECUTOR_LINE)

    @property
    def _workflows(self) -> str:
        return self._path({"apiVersion": API_VERSION, "kind": "Workflow"})

    def _path(self, document: Document) -> str:
        return self._api.path(document)

    def _call(self, method: str, path: str, **more: Any) -> Any:
        try:
            return self._api.call(method, path, **more)
        except Refused as error:
            if error.status == 404:
                raise self._not_found(path) from None
            raise

    def _not_found(self, path: str) -> EngineError:
        return _not_found(path, f"the cluster at {self._api.url}", self.namespace)


class ServerTransport:
    """Argo through the Argo Server, with the variables that the `argo` command has:
    https://argo-workflows.readthedocs.io/en/latest/environment-variables/#cli
    """

    def __init__(self, server: str, connection: Connection) -> None:
        """Use the `server`: HOST:PORT, or a URL.

        Raises:
            EngineError: `requests` is not installed.
        """
        environment = os.environ
        scheme = "https" if _is_true(environment.get("ARGO_SECURE", "true")) else "http"
        url = server if "://" in server else f"{scheme}://{server}"
        url = url.rstrip("/") + "/" + environment.get("ARGO_BASE_HREF", "").strip("/")
        self._api = HttpApi(
            "Argo",
            url,
            extra=EXTRA,
            authentication="set ARGO_TOKEN, as for the argo command: `argo auth token` prints it",
            verify=not _is_true(environment.get("ARGO_INSECURE_SKIP_VERIFY", "false")),
        )
        token = environment.get("ARGO_TOKEN", "")
        if token:
            self._api.authorize(token if " " in token else f"Bearer {token}")
        self.namespace = connection.namespace or environment.get("ARGO_NAMESPACE") or "default"

    def apply(self, document: Document) -> None:
        """Create a WorkflowTemplate, or make the one of its name the same.

        Raises:
            EngineError: it is another object, of which the Argo Server knows nothing.
        """
        if document["kind"] != "WorkflowTemplate":
            raise EngineError(
                f"the Argo Server takes no {document['kind']}, which the pods of the steps need",
                "unset ARGO_SERVER to go through the cluster; or do without, by an image that has "
                "the code and by resources in place of claims",
            )
        path = f"/api/v1/workflow-templates/{self.namespace}"
        named = f"{path}/{document['metadata']['name']}"
        try:
            there = self._api.call("GET", named)
        except Refused as error:
            if error.status != 404:
                raise
            self._api.call("POST", path, body={"template": self._placed(document)})
            return
        version = {"resourceVersion": there["metadata"]["resourceVersion"]}
        self._api.call("PUT", named, body={"template": self._placed(document, version)})

    def create(self, workflow: Document) -> Document:
        """Create a Workflow, and return it with its name."""
        body = {"namespace": self.namespace, "workflow": self._placed(workflow)}
        created: Document = self._call("POST", self._workflows, body=body)
        return created

    def workflow(self, name: str) -> Document:
        """Return the Workflow `name`."""
        found: Document = self._call("GET", f"{self._workflows}/{name}")
        return found

    def workflows(self) -> Iterable[Document]:
        """Return the metadata of all Workflows."""
        query = {"fields": "items.metadata"}
        return self._call("GET", self._workflows, query=query).get("items") or []

    def templates(self) -> Iterable[Document]:
        """Return the metadata of all WorkflowTemplates."""
        path = f"/api/v1/workflow-templates/{self.namespace}"
        return self._api.call("GET", path).get("items") or []

    def stop(self, name: str) -> None:
        """Stop the Workflow `name`."""
        body = {"namespace": self.namespace, "name": name}
        self._call("PUT", f"{self._workflows}/{name}/stop", body=body)

    def log(self, workflow: str, pod: str) -> StepLog:
        """Return the log of a step's container."""
        return ServerLog(self._api, f"{self._workflows}/{workflow}/log", pod)

    @property
    def _workflows(self) -> str:
        return f"/api/v1/workflows/{self.namespace}"

    def _placed(self, document: Document, metadata: Document | None = None) -> Document:
        placed = {"namespace": self.namespace, **document["metadata"], **(metadata or {})}
        return {**document, "metadata": placed}

    def _call(self, method: str, path: str, **more: Any) -> Any:
        try:
            return self._api.call(method, path, **more)
        except Refused as error:
            if error.status == 404:
                raise _not_found(
                    path, f"the Argo Server at {self._api.url}", self.namespace
                ) from None
            raise


class ServerLog:
    """The log of a pod that the Argo Server reads, or finds where Argo archived it."""

    def __init__(self, api: HttpApi, path: str, pod: str) -> None:
        """Read the log of `pod`."""
        self._api, self._path, self._pod = api, path, pod
        self._given = 0

    def next_lines(self) -> list[str]:
        """Return the lines that were not given out yet.

        Raises:
            EngineError: the log cannot be read.
        """
        query = {"podName": self._pod, "logOptions.container": CONTAINER}
        lines = []
        for answer in self._api.lines(self._path, query):
            if "error" in answer:
                said = answer["error"].get("message", answer["error"])
                raise EngineError(f"the Argo Server cannot read the log: {said}", passing=True)
            lines.append(answer["result"].get("content", ""))
        new, self._given = lines[self._given :], len(lines)
        return [line for line in new if not _EXECUTOR_LINE.search(line)]


def _not_found(path: str, where: str, namespace: str) -> EngineError:
    kind, _, name = path.partition("/workflows/")[2].removeprefix(f"{namespace}/").partition("/")
    name = kind or name
    if not name:
        return EngineError(
            f"{where} has no Argo Workflows", "install them, or name another cluster"
        )
    return EngineError(
        f"{where} has no run {name!r} in the namespace {namespace}",
        "`headrace list --target argo` shows the runs; is it another --namespace?",
    )


def _is_true(text: str) -> bool:
    return text.lower() in ("true", "1", "t")
