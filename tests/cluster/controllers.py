"""Controllers of a cluster that runs: JobSet and Kueue, started when asked for, ended with it.

Each is a process beside the cluster, with what its own module says that it needs inside: its CRDs,
and its webhooks, which the API server reaches through a Service that leads out of the cluster.
"""

import fcntl
import json
import subprocess
import time
import urllib.request
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from cluster import binaries, programs
from cluster.running import Access
from cluster.server import Document, Server, service_here
from cluster.settings import free_ports, make_certificate

SECONDS_TO_START = 120

_NEEDED = ("Namespace", "CustomResourceDefinition", "Secret", "Service")
_WEBHOOKS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
"""What is taken of a controller's manifests: the rest is for its own pod, or for people."""


@dataclass(frozen=True)
class Controller:
    """A controller called `name`, of the Go module `source`.

    `settings` are those in its configuration that are its own.
    """

    name: str
    source: str
    settings: Document

    @property
    def namespace(self) -> str:
        """The namespace of what belongs to it."""
        return f"{self.name}-system"

    @property
    def webhook_service(self) -> str:
        """The Service by which its webhooks are reached."""
        return f"{self.name}-webhook-service"

    @property
    def makes_certificate(self) -> bool:
        """Whether it makes the certificate of its webhooks, as a Secret."""
        return "internalCertManagement" not in self.settings


JOBSET = Controller(
    "jobset",
    "sigs.k8s.io/jobset",
    {
        "apiVersion": "config.jobset.x-k8s.io/v1alpha1",
        # Its own certificates go to a folder that all on this machine share.
        "internalCertManagement": {"enable": False},
    },
)
KUEUE = Controller(
    "kueue",
    "sigs.k8s.io/kueue",
    {
        "apiVersion": "config.kueue.x-k8s.io/v1beta2",
        "namespace": "kueue-system",
        # Its certificates go to a folder at the root of the machine.
        "featureGates": {"VisibilityOnDemand": False},
        "integrations": {"frameworks": ["batch/job", "jobset.x-k8s.io/jobset", "pod"]},
    },
)
CONTROLLERS = {each.name: each for each in (JOBSET, KUEUE)}


def start(access: Access, controller: Controller) -> None:
    """Start `controller` in a cluster, unless it runs there, and wait until its webhooks answer.

    Raises:
        RuntimeError: it cannot be built, or it does not start; the text has the end of its log.
    """
    with _locked(access.folder / f"{controller.name}.lock"):
        if programs.runs(access.folder, controller.name):
            return
        built = binaries.built_controller(controller.name, controller.source)
        try:
            _Start(access, controller, built).run()
        except BaseException as error:
            programs.end(access.folder, [controller.name])
            if isinstance(error, OSError | subprocess.SubprocessError):
                raise RuntimeError(f"{controller.name} does not start: {error}") from error
            raise


class _Start:
    """One start of a controller."""

    def __init__(self, access: Access, controller: Controller, built: Path) -> None:
        self._access = access
        self._controller = controller
        self._built = built
        self._folder = access.folder / controller.name
        self._server = Server.of(access.kubeconfig)
        self._ports = free_ports(("webhook", "health"))
        self._deadline = time.monotonic() + SECONDS_TO_START
        with (built / binaries.MANIFESTS).open() as file:
            self._manifests: list[Document] = list(yaml.load_all(file, Loader=yaml.CSafeLoader))

    def run(self) -> None:
        self._folder.mkdir(exist_ok=True)
        if not self._controller.makes_certificate:
            service, namespace = self._controller.webhook_service, self._controller.namespace
            make_certificate(self._folder, f"{service}.{namespace}.svc")
            self._trust((self._folder / "tls.crt").read_bytes())
        configuration = self._folder / "configuration.json"
        configuration.write_text(json.dumps(self._configuration(), indent=1))
        for document in self._needed():
            self._server.apply(document)
        # Pods of others are not to wait for webhooks that do not answer yet.
        self._apply_webhooks("Ignore")
        self._wait("its objects are known", self._are_established)
        programs.start_beside(
            self._access.folder,
            self._controller.name,
            [str(self._built / self._controller.name), f"--config={configuration}"],
            KUBECONFIG=str(self._access.kubeconfig),
        )
        if self._controller.makes_certificate:
            self._wait("it has made its certificate", self._mount_certificate)
        self._wait("it is ready", self._is_ready)
        self._apply_webhooks("Fail")

    def _configuration(self) -> Document:
        return {
            "kind": "Configuration",
            "webhook": {
                "host": self._address,
                "port": self._ports["webhook"],
                "certDir": str(self._folder),
            },
            "health": {"healthProbeBindAddress": f"127.0.0.1:{self._ports['health']}"},
            "metrics": {"bindAddress": "0"},
            "leaderElection": {"leaderElect": False},
            **self._controller.settings,
        }

    @property
    def _address(self) -> str:
        return str(urlsplit(self._server.url).hostname)

    def _of_kinds(self, kinds: tuple[str, ...]) -> Iterator[Document]:
        return (each for kind in kinds for each in self._manifests if each["kind"] == kind)

    def _needed(self) -> Iterator[Document]:
        for document in self._of_kinds(_NEEDED):
            if document["kind"] != "Service":
                yield document
            elif document["metadata"]["name"] == self._controller.webhook_service:
                spec = {"ports": document["spec"]["ports"]}
                port = self._ports["webhook"]
                yield from service_here(document["metadata"], spec, self._address, port)

    def _apply_webhooks(self, failure_policy: str) -> None:
        for document in self._of_kinds(_WEBHOOKS):
            hooks = [{**each, "failurePolicy": failure_policy} for each in document["webhooks"]]
            self._server.apply({**document, "webhooks": hooks})

    def _trust(self, certificate: bytes) -> None:
        """Tell the API server the certificate of the webhooks."""
        for document in self._of_kinds(_WEBHOOKS):
            for hook in document["webhooks"]:
                hook["clientConfig"]["caBundle"] = b64encode(certificate).decode()

    def _mount_certificate(self) -> bool:
        """Put the Secret with its certificate where its pod would have it."""
        name, namespace = f"{self._controller.name}-webhook-server-cert", self._controller.namespace
        place = f"/api/v1/namespaces/{namespace}/secrets/{name}"
        data = json.loads(self._server.request(place)).get("data") or {}
        for key, value in data.items():
            (self._folder / key).write_bytes(b64decode(value))
        return "tls.key" in data

    def _are_established(self) -> bool:
        return all(
            _is_established(json.loads(self._server.request(_place_of(each))))
            for each in self._of_kinds(("CustomResourceDefinition",))
        )

    def _is_ready(self) -> bool:
        if not programs.runs(self._access.folder, self._controller.name):
            raise RuntimeError(f"{self._controller.name} ended:\n{self._log()}")
        place = f"http://127.0.0.1:{self._ports['health']}/readyz"
        with urllib.request.urlopen(place, timeout=10) as answer:
            return bool(answer.status == HTTPStatus.OK)

    def _wait(self, what: str, holds: Callable[[], bool]) -> None:
        while True:
            with suppress(OSError):
                if holds():
                    return
            if time.monotonic() > self._deadline:
                name = self._controller.name
                raise RuntimeError(
                    f"{name}: after {SECONDS_TO_START} s it is not so that {what}\n{self._log()}"
                )
            time.sleep(0.1)

    def _log(self) -> str:
        return programs.tail(programs.log_of(self._access.folder, self._controller.name))


def _place_of(definition: Document) -> str:
    base = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    return f"{base}/{definition['metadata']['name']}"


def _is_established(definition: dict[str, Any]) -> bool:
    conditions = definition.get("status", {}).get("conditions") or ()
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
