"""A real Kubernetes on this machine, of one node: `start()` gives a `Cluster`, `stop()` ends it."""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

from cluster import binaries, images, machine, programs, state
from cluster.programs import ctr_command
from cluster.server import Server
from cluster.settings import KUBECONFIG, LOGS, NODE, Settings

SECONDS_TO_START = 90
SECONDS_TO_DRAIN = 60


class DoesNotStart(Exception):
    """The cluster does not start, on a machine where it should; the text has the logs' ends."""


class Access:
    """The way into a cluster whose files are in `folder`."""

    def __init__(self, folder: Path) -> None:
        """Take what runs there."""
        self.folder = folder

    @property
    def kubeconfig(self) -> Path:
        """What clients read: the value of KUBECONFIG."""
        return self.folder / KUBECONFIG

    @property
    def logs(self) -> Path:
        """The folder with what the programs write; it is kept when the cluster does not start."""
        return self.folder / LOGS

    def load_image(self, archive: Path, *, alias: dict[str, str] | None = None) -> None:
        """Give the node the images in the Docker archive `archive`, under their own names.

        `alias` maps further names to these.

        Raises:
            RuntimeError: containerd does not take it.
        """
        self._ctr("images", "import", str(archive))
        for name, image in (alias or {}).items():
            self._ctr("images", "tag", "--force", image, name)

    def load_step_image(self) -> None:
        """Give the node the step image with this checkout's sources, unless it has it.

        Raises:
            RuntimeError: it cannot be built, or containerd does not take it.
        """
        archive, there = images.step_archive(), self.folder / "step-image"
        if not there.exists() or there.read_text() != archive.name:
            self.load_image(archive, alias=images.ALIASES)
            there.write_text(archive.name)

    def _ctr(self, *arguments: str) -> None:
        done = subprocess.run(
            [*ctr_command(self.folder), *arguments], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"ctr {' '.join(arguments)}: {done.stderr}")


class Cluster(Access):
    """A cluster that was started here."""

    def __init__(self) -> None:
        """Start it, and wait until a pod can be.

        Raises:
            CannotRun: this machine lacks what a cluster needs.
            AlreadyRuns: one runs.
            DoesNotStart: this machine has all, and yet it does not start.
        """
        machine.prepare()
        with ExitStack() as stack:
            left = stack.enter_context(state.only_one())
            built = _made()
            if left is not None:
                _remove_left(left, built)
            machine.check_no_node()
            super().__init__(Path(tempfile.mkdtemp(prefix="headrace-cluster-")))
            state.record(state.Running(os.getpid(), str(self.folder)))
            self._settings = Settings(self.folder, built)
            self._programs = programs.Programs(self._settings)
            stack.callback(state.forget)
            self._lock = stack.pop_all()
        try:
            self._start()
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            shown = programs.tails(self.logs)
            self.stop(keep_logs=True, drain=False)
            raise DoesNotStart(f"{shown}{error}; logs: {self.logs}") from error
        except BaseException:
            self.stop(drain=False)
            raise

    def ended(self) -> list[str]:
        """Return the programs that have ended though the cluster was not stopped."""
        return self._programs.ended()

    def stop(self, *, keep_logs: bool = False, drain: bool = True) -> None:
        """End all that runs in the cluster, and the cluster; remove all that it kept.

        `drain` lets the node end its pods, so that nothing of them stays in the kernel.
        """
        with self._lock:
            # These two would make new pods of those that are deleted.
            self._programs.stop("kube-controller-manager", "kube-scheduler")
            if drain:
                with suppress(OSError, RuntimeError):
                    self._drain()
            programs.end_containers(self.folder)
            self._programs.stop()
            programs.clean_up(self.folder, self._settings.command("kube-proxy"))
            programs.remove(self.folder, keep_logs=keep_logs)

    def _start(self) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        self._settings.write()
        self._programs.start("etcd")
        self._programs.start("containerd")
        self._programs.start("kube-apiserver")
        pause = images.pause_archive(self._settings.programs / "pause", self.folder)
        self._wait("containerd listens", self._settings.containerd_socket.exists, deadline)
        self.load_image(pause)
        self._wait("the API server is ready", self._is_ready, deadline)
        self._settings.write_kubeconfig()
        for name in (
            "kube-controller-manager",
            "kube-scheduler",
            "kubelet",
            "kube-proxy",
            "coredns",
        ):
            self._programs.start(name)
        self.load_step_image()
        self._wait("the node is ready", self._node_is_ready, deadline)
        self._wait("pods have an account", self._has_account, deadline)
        self._wait("the DNS has a Service", self._has_dns, deadline)
        self._wait("the DNS is ready", self._dns_answers, deadline)

    def _wait(self, what: str, holds: Callable[[], bool], deadline: float) -> None:
        while True:
            with suppress(OSError):
                if holds():
                    return
            if ended := self._programs.ended():
                raise RuntimeError(f"before {what}, {', '.join(ended)} ended")
            if time.monotonic() > deadline:
                raise RuntimeError(f"after {SECONDS_TO_START} s it is not so that {what}")
            time.sleep(0.1)

    def _is_ready(self) -> bool:
        return self._settings.certificate.exists() and self._server.request("/readyz") == b"ok"

    def _node_is_ready(self) -> bool:
        node = json.loads(self._server.request(f"/api/v1/nodes/{NODE}"))
        conditions = {each["type"]: each["status"] for each in node["status"].get("conditions", ())}
        tainted = node["spec"].get("taints")
        return conditions.get("Ready") == "True" and not tainted

    def _has_account(self) -> bool:
        return bool(self._server.request("/api/v1/namespaces/default/serviceaccounts/default"))

    def _has_dns(self) -> bool:
        for document in self._settings.dns_objects():
            self._server.apply(document)
        return True

    def _dns_answers(self) -> bool:
        place = f"http://127.0.0.1:{self._settings.ports['coredns-ready']}/ready"
        with urllib.request.urlopen(place, timeout=10) as answer:
            return bool(answer.status == HTTPStatus.OK)

    def _drain(self) -> None:
        """Delete all pods, and wait until the node has ended them.

        Those who hold them, as Jobs do, are not there any more to let them go.
        """
        deadline = time.monotonic() + SECONDS_TO_DRAIN
        free = {"metadata": {"finalizers": None}}
        while pods := self._pods():
            for place in pods:
                with suppress(urllib.error.HTTPError):
                    self._server.request(place, "PATCH", free, "application/merge-patch+json")
                    self._server.request(f"{place}?gracePeriodSeconds=1", "DELETE")
            if time.monotonic() > deadline:
                raise RuntimeError("pods do not end")
            time.sleep(0.5)

    def _pods(self) -> list[str]:
        found: dict[str, Any] = json.loads(self._server.request("/api/v1/pods"))
        return [
            f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"
            for pod in found["items"]
            if pod["spec"].get("nodeName") == NODE
        ]

    @property
    def _server(self) -> Server:
        settings = self._settings
        return Server(settings.server, settings.token, settings.certificate.read_text())


def _made() -> Path:
    """Make what takes long, side by side; return the folder of the programs."""
    with ThreadPoolExecutor() as pool:
        image = pool.submit(images.step_archive)
        built = binaries.built()
        image.result()
    return built


def start() -> Cluster:
    """Return a cluster that was started; see `Cluster`."""
    return Cluster()


def _remove_left(left: state.Running, built: Path) -> None:
    """Remove what is left of a cluster whose starter was killed."""
    print(f"removing what process {left.process} left in {left.folder}", file=sys.stderr)
    folder = Path(left.folder)
    if folder.is_dir():
        programs.clean_up(folder, Settings(folder, built).command("kube-proxy"))
        programs.remove(folder, keep_logs=False)
    state.forget()
