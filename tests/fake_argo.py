"""A Kubernetes with Argo, and an Argo Server, in this process.

What they answer of runs was recorded from the controller of Argo Workflows 4.1.2
(`data/engine-runs`). Objects are judged by Argo's own CRDs.
"""

import gzip
import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import argo_schema
from fake_server import Answer, Request

NAMESPACE = "ml"
RECORDED = Path(__file__).parent / "data" / "engine-runs"
METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

Document = dict[str, Any]


def recorded(name: str) -> Document:
    """Return the Workflow that was recorded of the conformance case `name`."""
    document: Document = json.loads(
        gzip.decompress((RECORDED / f"argo-{name}.json.gz").read_bytes())
    )
    return document


def not_found(what: str) -> Answer:
    return Answer({"kind": "Status", "message": f"{what} not found", "code": 404}, 404)


class FakeArgo:
    """The objects of one namespace; a new run is as the recorded Workflow `becomes` says."""

    def __init__(self, becomes: str = "map_inside_map") -> None:
        self.objects: dict[tuple[str, str], Document] = {}
        self.becomes = becomes
        self.logs: dict[str, str] = {}
        self.looks = 0

    def add(self, name: str) -> str:
        """Add a recorded run; return its name."""
        workflow = recorded(name)
        self.objects["workflows", workflow["metadata"]["name"]] = workflow
        return str(workflow["metadata"]["name"])

    def kubernetes(self, request: Request) -> Answer:
        """Answer as the API server of Kubernetes does."""
        if request.headers.get("authorization") != "Bearer secret":
            return Answer({"kind": "Status", "message": "Unauthorized", "code": 401}, 401)
        # /api/v1/namespaces/NAMESPACE/KIND, with a group /apis/GROUP/v1alpha1/namespaces/...
        at = request.parts.index("namespaces")
        namespace, kind, *rest = request.parts[at + 1 :]
        if namespace != NAMESPACE:
            return Answer({"message": f"no access to {namespace}", "code": 403}, 403)
        if kind == "pods":
            return self._log(rest[0], request)
        return self._object(kind, rest[0] if rest else "", request)

    def _object(self, kind: str, name: str, request: Request) -> Answer:
        if request.method == "GET" and not name:
            assert request.headers["accept"] == METADATA
            found = [o for (k, _), o in self.objects.items() if k == kind]
            return Answer({"items": [{"metadata": o["metadata"]} for o in found]})
        if request.method == "GET":
            return self._got(kind, name)
        if request.method == "POST":
            return Answer(self.create(request.body), 201)
        if request.headers["content-type"] == "application/merge-patch+json":
            return self._stop(name, request.body)
        assert request.headers["content-type"] == "application/apply-patch+yaml"
        assert request.query["fieldManager"] == "headrace"
        return Answer(self.put(kind, request.body))

    def put(self, kind: str, document: Document) -> Document:
        """Keep an object that the CRDs accept."""
        if kind != "configmaps":
            assert not argo_schema.errors(without_namespace(document))
        self.objects[kind, document["metadata"]["name"]] = document
        return document

    def create(self, workflow: Document) -> Document:
        """Start a run of a template that is there."""
        name = f"{workflow['metadata']['generateName']}x2k7q"
        named = {**workflow, "metadata": {"name": name}}
        assert not argo_schema.errors(named)
        assert (
            "workflowtemplates",
            workflow["spec"]["workflowTemplateRef"]["name"],
        ) in self.objects
        made = json.loads(
            json.dumps(recorded(self.becomes)).replace(
                recorded(self.becomes)["metadata"]["name"], name
            )
        )
        made["spec"] = workflow["spec"]
        made["metadata"] |= {"labels": workflow["metadata"]["labels"]}
        self.objects["workflows", name] = made
        return {**workflow, "metadata": {**workflow["metadata"], "name": name}}

    def _got(self, kind: str, name: str) -> Answer:
        if (kind, name) not in self.objects:
            return not_found(name)
        found = deepcopy(self.objects[kind, name])
        self.looks += 1
        if kind == "workflows" and self.looks == 1:
            found.pop("status")  # no controller has looked at it yet
        return Answer(found)

    def _stop(self, name: str, patch: Document) -> Answer:
        assert patch == {"spec": {"shutdown": "Stop"}}
        self.objects["workflows", name]["spec"]["shutdown"] = "Stop"
        return Answer(self.objects["workflows", name])

    def _log(self, pod: str, request: Request) -> Answer:
        assert request.query["container"] == "main"
        assert request.query["timestamps"] == "true"
        if pod not in self.logs:
            return not_found(pod)
        since = request.query.get("sinceTime", "")
        # The kubelet looks at whole seconds.
        assert re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)?", since)
        lines = re.findall(r"[^\n]*\n", self.logs[pod])
        return Answer("".join(line for line in lines if line[:19] >= since[:19]))

    def server(self, request: Request) -> Answer:
        """Answer as the Argo Server does: api/openapi-spec/swagger.json of Argo Workflows."""
        if request.headers.get("authorization") != "Bearer secret":
            return Answer({"code": 16, "message": "token not valid"}, 401)
        base, api, version, kind, namespace, *rest = request.parts
        assert (base, api, version, namespace) == ("argo", "api", "v1", NAMESPACE)
        if kind == "workflow-templates":
            return self._template_of_server(rest, request)
        assert kind == "workflows"
        if request.method == "POST":
            assert set(request.body) == {"namespace", "workflow"}
            return Answer(self.create(without_namespace(request.body["workflow"])))
        if not rest:
            found = [o for (k, _), o in self.objects.items() if k == "workflows"]
            return Answer({"items": [{"metadata": o["metadata"]} for o in found] or None})
        if rest[1:] == ["stop"]:
            assert request.body == {"namespace": NAMESPACE, "name": rest[0]}
            return self._stop(rest[0], {"spec": {"shutdown": "Stop"}})
        if rest[1:] == ["log"]:
            lines = self.logs[request.query["podName"]].removesuffix("\n").split("\n")
            entries = ({"result": {"content": line.partition(" ")[2]}} for line in lines)
            texts = (json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
            return Answer("".join(texts))
        return self._got("workflows", rest[0])

    def _template_of_server(self, rest: list[str], request: Request) -> Answer:
        if request.method == "GET" and not rest:
            found = [o for (k, _), o in self.objects.items() if k == "workflowtemplates"]
            return Answer({"items": found})
        if request.method == "GET":
            found_one = self.objects.get(("workflowtemplates", rest[0]))
            if found_one is None:
                return Answer({"code": 5, "message": f"{rest[0]} not found"}, 404)
            metadata = {**found_one["metadata"], "resourceVersion": "7"}
            return Answer({**found_one, "metadata": metadata})
        template = request.body["template"]
        if request.method == "PUT":
            assert template["metadata"].pop("resourceVersion") == "7"
        return Answer(self.put("workflowtemplates", without_namespace(template)))


def without_namespace(document: Document) -> Document:
    metadata = {n: v for n, v in document["metadata"].items() if n != "namespace"}
    return {**document, "metadata": metadata}


def kubeconfig(url: str) -> str:
    """Return a kubeconfig of two contexts, of which one has the namespace of `FakeArgo`."""
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "clusters": [{"name": "fake", "cluster": {"server": url}}],
            "users": [
                {"name": "known", "user": {"token": "secret"}},
                {"name": "unknown", "user": {"token": "guess"}},
            ],
            "contexts": [
                {
                    "name": "here",
                    "context": {"cluster": "fake", "user": "known", "namespace": NAMESPACE},
                },
                {"name": "stranger", "context": {"cluster": "fake", "user": "unknown"}},
            ],
        }
    )
