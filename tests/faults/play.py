"""Lets faults happen to runs on an engine, and sees how these end.

It needs the environment `.venvs/airflow`; `kubernetes` is imported when it is called.
"""

import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from conformance.suite import IMAGE
from faults.table import End, Fault
from headrace.compiler import driver
from headrace.compiler.engine import EngineClient, Run
from headrace.compiler.target import ManifestFile

FOLDER = Path(__file__).resolve().parent
SECONDS_TO_END = 900
"""How long all runs may take together; on Kubeflow they are some 130 pods."""

SECONDS_BETWEEN_LOOKS = 0.5

SECONDS_TO_NOTICE = 4
"""How long an engine may take to see a pod run; of a step with retries it does not tell when."""


class Site(Protocol):
    """An engine with which runs can be started whose pods share a folder, their TMPDIR.

    The store of each run is `store` in that folder.
    """

    client: EngineClient
    api: Any
    """An `ApiClient` of the cluster of its pods."""
    namespace: str
    """Where its pods are."""

    def start(self, fault: Fault, code: Path) -> Path:
        """Start the run of `fault`, whose code is in `code`; return the folder it has."""

    def name_of(self, fault: Fault) -> str | None:
        """Return the run's name for the client, if it has been started yet."""

    def restart(self) -> None:
        """Kill what starts steps, and start it again."""


@dataclass(frozen=True)
class Seen:
    """How the run of a fault ended, and whether the step after the one that was hit ran.

    `pods` are the hosts on which the step that was hit has begun, one for each pod.
    """

    run: Run
    end: End
    followed: bool
    pods: tuple[str, ...]


def compiled(fault: Fault, code: Path, target: str) -> tuple[str, tuple[ManifestFile, ...]]:
    """Put the module of `fault` into `code`; return the name and the manifests of its pipeline."""
    path = code / f"fault_{fault.name.replace('-', '_')}.py"
    shutil.copy(FOLDER / f"{fault.pipeline}.py", path)
    compilation = driver.compile_source(path, settings=(f"image={IMAGE}", *fault.settings))
    assert compilation.pipeline is not None, list(compilation.diagnostics)
    return compilation.pipeline.name, driver.emit(compilation, [target])[target]


def play(site: Site, faults: Iterable[Fault], folder: Path) -> dict[str, Seen]:
    """Let all `faults` happen at once; return by their names how the runs ended.

    What the steps left is looked at when the last run has ended, in case one goes on that should
    not.

    Raises:
        RuntimeError: a run does not end.
    """
    every = []
    for fault in faults:
        code = folder / fault.name
        code.mkdir()
        every.append(_Going(site, fault, site.start(fault, code)))
    deadline = time.monotonic() + SECONDS_TO_END
    going = every
    while going:
        time.sleep(SECONDS_BETWEEN_LOOKS)
        going = [each for each in going if not each.has_ended()]
        if going and time.monotonic() > deadline:
            raise RuntimeError("\n".join(f"{g.fault.name} does not end: {g.run}" for g in going))
    return {each.fault.name: each.seen() for each in every}


class _Going:
    """The run of a fault that has been started."""

    def __init__(self, site: Site, fault: Fault, folder: Path) -> None:
        self.fault = fault
        self.run: Run | None = None
        self._site, self._folder = site, folder
        self._struck = not fault.strike
        self._since = 0.0

    def has_ended(self) -> bool:
        """Strike when the engine knows that the step runs; return whether the run has ended."""
        name = self._site.name_of(self.fault)
        if name is None:
            return False
        self.run = self._site.client.status(name)
        if not self._struck and _works(self.run) and (pods := self._attempts()):
            self._since = self._since or time.monotonic()
            if time.monotonic() - self._since > SECONDS_TO_NOTICE:
                self._struck = True
                self._strike(name, pods[0])
        return self.run.has_ended

    def _attempts(self) -> list[str]:
        path = self._folder / "attempts"
        return path.read_text().splitlines() if path.exists() else []

    def _strike(self, name: str, host: str) -> None:
        from kubernetes.client import CoreV1Api

        core, namespace = CoreV1Api(self._site.api), self._site.namespace
        # A host has no more of its pod's name than 63 characters.
        there = [pod.metadata.name for pod in core.list_namespaced_pod(namespace).items]
        (pod,) = (each for each in there if each.startswith(host))
        match self.fault.strike:
            case "delete":
                core.delete_namespaced_pod(pod, namespace)
            case "evict":
                eviction = {"metadata": {"name": pod, "namespace": namespace}}
                core.create_namespaced_pod_eviction(pod, namespace, eviction)
            case "cancel":
                self._site.client.cancel(name)
            case "restart":
                self._site.restart()
                (self._folder / "go-on").touch()

    def seen(self) -> Seen:
        """Return how the run ended."""
        run = self.run
        assert run is not None
        assert run.state in ("succeeded", "failed")
        attempts = sum(len(step.attempts) for step in run.steps if step.id == "work")
        end = End(run.state, attempts, (self._folder / "released").exists(), (run.message,))
        return Seen(run, end, (self._folder / "followed").exists(), tuple(self._attempts()))


def _works(run: Run) -> bool:
    return any(step.id == "work" and step.state == "running" for step in run.steps)
