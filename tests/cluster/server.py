"""Speaks with the API server of a cluster by HTTP, without a client of Kubernetes."""

import json
import ssl
import urllib.error
import urllib.request
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]

MANAGER = "headrace-tests"
SECONDS_TO_ANSWER = 10


@dataclass(frozen=True)
class Server:
    """An API server at `url`, known by `certificate` (PEM), for the bearer of `token`."""

    url: str
    token: str
    certificate: str

    @classmethod
    def of(cls, kubeconfig: Path) -> "Server":
        """Return the one that a kubeconfig of `Settings` leads to."""
        document = json.loads(kubeconfig.read_text())
        cluster = document["clusters"][0]["cluster"]
        authority = b64decode(cluster["certificate-authority-data"]).decode()
        return cls(cluster["server"], document["users"][0]["user"]["token"], authority)

    def request(
        self, place: str, method: str = "GET", body: Document | None = None, kind: str = ""
    ) -> bytes:
        """Return what the server answers; `kind` is the content type of `body`.

        Raises:
            urllib.error.HTTPError: it refuses.
            OSError: it does not answer.
        """
        request = urllib.request.Request(
            self.url + place,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": kind},
        )
        context = ssl.create_default_context(cadata=self.certificate)
        try:
            answer = urllib.request.urlopen(request, context=context, timeout=SECONDS_TO_ANSWER)
        except urllib.error.HTTPError as error:
            said = f"{error.reason}: {error.read().decode(errors='replace')}"
            raise urllib.error.HTTPError(
                request.full_url, error.code, said, error.headers, None
            ) from None
        with answer:
            read: bytes = answer.read()
        return read

    def apply(self, document: Document) -> None:
        """Make the object `document` be as it says, server-side.

        Raises:
            urllib.error.HTTPError: the server refuses it.
            OSError: it does not answer.
        """
        place = f"{_place(document)}?fieldManager={MANAGER}&force=true&fieldValidation=Strict"
        self.request(place, "PATCH", document, "application/apply-patch+yaml")

    def delete(self, document: Document) -> None:
        """Ask for the end of the object that `document` names.

        Raises:
            urllib.error.HTTPError: the server refuses it.
            OSError: it does not answer.
        """
        self.request(_place(document), "DELETE")


def service_here(metadata: Document, spec: Document, address: str, port: int) -> list[Document]:
    """Return a Service whose ports all lead to `port` of `address`, where a process listens."""
    name = metadata["name"]
    ports = [
        {"name": each.get("name", ""), "protocol": each["protocol"], "port": port}
        for each in spec["ports"]
    ]
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec},
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": name,
                "namespace": metadata["namespace"],
                "labels": {"kubernetes.io/service-name": name},
            },
            "addressType": "IPv4",
            "endpoints": [{"addresses": [address]}],
            "ports": ports,
        },
    ]


def _place(document: Document) -> str:
    """Return the path of an object whose kind has a plain plural."""
    version, metadata = document["apiVersion"], document["metadata"]
    base = f"/apis/{version}" if "/" in version else f"/api/{version}"
    if "namespace" in metadata:
        base += f"/namespaces/{metadata['namespace']}"
    return f"{base}/{document['kind'].lower()}s/{metadata['name']}"
