"""Runs cases on the Kubeflow Pipelines at HEADRACE_KFP_HOST, its pods in the cluster of KUBECONFIG.

Runs are started and told of by headrace's own client, as a user's are. The specification is run as
it is compiled. What a case needs of the machine, a folder that its steps share and the place of its
modules in the image, is put into the platform document of the run: a volume and two variables.

It needs the environment `.venvs/kubeflow`; `kfp` and `kubernetes` are imported when it is called.
"""

import json
import os
import re
import tempfile
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cluster import clients
from cluster.images import working_folder
from conformance import suite
from conformance.engines import kubeflow_overhead
from conformance.engines.engine import Ended, NotThere
from conformance.engines.volume import Volume
from conformance.evidence import Found, Overhead
from conformance.suite import Case, Outcome
from headrace.compiler.engine import Connection, Submission
from headrace.compiler.target import ManifestFile
from headrace.runtime import wire
from headrace.runtime.codecs import Artifacts
from headrace.runtime.store import Store
from headrace.targets.kubeflow import run_pods
from headrace.targets.kubeflow.client import KubeflowClient
from headrace.targets.kubernetes_api import KubernetesApi

HOST = "HEADRACE_KFP_HOST"

NAMESPACE = "kubeflow"
"""Where an installation without profiles runs its pods."""

ENDED = ("SUCCEEDED", "SKIPPED", "FAILED", "CANCELED")

SECONDS_TO_END = 1800
"""How long a run may take; each task is two pods, one after another."""

SECONDS_BETWEEN_LOOKS = 3.0
"""How long a run is left alone: what the API tells of it holds its whole specification."""


@contextmanager
def kubeflow() -> Iterator["Kubeflow"]:
    """Give the Kubeflow Pipelines that HEADRACE_KFP_HOST names.

    Raises:
        NotThere: it is not set, or nothing answers there, or there is no cluster.
        RuntimeError: what answers does not say its version.
    """
    host, kubeconfig = os.environ.get(HOST), os.environ.get("KUBECONFIG")
    if not host or not kubeconfig:
        raise NotThere(f"{HOST} or KUBECONFIG is not set")
    version = version_of(host)
    # Not in TMPDIR: a test may have set that to a folder which is gone before the pods are.
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="headrace-kubeflow-")))
        yield Kubeflow(host, version, _entered(stack, Path(kubeconfig), folder))


def _entered(stack: ExitStack, kubeconfig: Path, folder: Path) -> Volume:
    """Return `folder` as a volume of the cluster.

    Raises:
        NotThere: no cluster answers.
    """
    from kubernetes.config import ConfigException
    from urllib3.exceptions import MaxRetryError

    try:
        api = stack.enter_context(clients.client(kubeconfig))
        return stack.enter_context(Volume(api, NAMESPACE, folder))
    except (ConfigException, MaxRetryError) as error:
        raise NotThere(f"KUBECONFIG leads to no cluster ({error})") from None


def version_of(host: str) -> str:
    """Return the version of the API server at the URL `host`.

    Raises:
        NotThere: nothing answers.
        RuntimeError: it does not say its version.
    """
    try:
        with urllib.request.urlopen(f"{host}/apis/v2beta1/healthz", timeout=30) as answer:
            told = json.load(answer)
    except (urllib.error.URLError, ValueError) as error:
        raise NotThere(f"no Kubeflow Pipelines answers at {host} ({error})") from None
    version = str(told.get("tag_name", ""))
    if not version[:1].isdigit():
        raise RuntimeError(f"the API server at {host} says no version: {told}")
    return version


class Kubeflow:
    """The installation at `host`, in `version`, whose pods see the folder of `volume`."""

    name = "kubeflow"

    def __init__(self, host: str, version: str, volume: Volume) -> None:
        """Make the clients."""
        import kfp

        self.version, self.host = version, host
        self.volume = volume
        self.client = KubeflowClient(Connection(server=host))
        with warnings.catch_warnings(action="ignore"):
            self._api = kfp.Client(host=host, namespace=NAMESPACE)
        self._pods = KubernetesApi(Connection(namespace=NAMESPACE), extra="kubeflow")
        self._runs: dict[str, _Run] = {}

    def prepare(self, cases: Iterable[Case]) -> None:
        """Do nothing: the specification comes with the run."""

    def start(self, case: Case, number: int) -> None:
        """Start the run `number` of `case`."""
        name = f"{case.name}-{number}"
        folder = self.volume.folder / name
        folder.mkdir()
        run = _Run(case, number, folder, time.monotonic())
        files = suite.emitted(case, "kubeflow")[0]
        parameters = suite.python_pipeline_parameters(case.runs[number])
        self._runs[self.submit(files, folder, working_folder(case), parameters)] = run

    def submit(
        self,
        files: Sequence[ManifestFile],
        folder: Path,
        modules: str,
        parameters: Mapping[str, str],
    ) -> str:
        """Start a run of `files`, whose first is the package; return its id.

        Its steps share `folder` of the volume, in which the store is, and import from `modules`.
        """
        package, *others = files
        variables = {"TMPDIR": str(folder), "PYTHONPATH": modules}
        shared = self.volume.seen_by(package.text, variables)
        return self.client.submit(
            Submission(
                pipeline=package.name.removesuffix(".yaml"),
                files=[ManifestFile(package.name, shared), *others],
                parameters=parameters,
                store=store_in(folder),
            )
        )

    def ended(self) -> Iterator[Ended]:
        """Give the runs that have ended since, also those that took too long."""
        for name, run in list(self._runs.items()):
            now = time.monotonic()
            if now < run.looked + SECONDS_BETWEEN_LOOKS:
                continue
            run.looked = now
            late = now > run.began + SECONDS_TO_END
            if late or self._api.get_run(name).state in ENDED:
                del self._runs[name]
                found = self._found(name, run)
                self._api.delete_run(name)
                yield Ended(run.case, run.number, found, now - run.began, late)

    def overhead(self) -> Overhead:
        """Measure what a step that does nothing takes, in our manifest and in one made by hand."""
        package, *_ = suite.emitted(kubeflow_overhead.CASE, "kubeflow")[0]
        variables = {"PYTHONPATH": working_folder(kubeflow_overhead.CASE)}
        ours = self.volume.seen_by(package.text, variables)
        return kubeflow_overhead.measured(self._measured, ours)

    def _measured(self, pipeline: str, package: str) -> tuple[float, int]:
        """Run a package to its end; return its seconds and its pods.

        Raises:
            RuntimeError: it does not succeed.
        """
        files = [ManifestFile(f"{pipeline}.yaml", package)]
        name = self.client.submit(Submission(pipeline, files, {}))
        while (run := self._api.get_run(name)).state not in ENDED:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        if run.state != "SUCCEEDED":
            raise RuntimeError(f"{pipeline}: {self.client.status(name).message}")
        pods = self._pods.pods(f"{run_pods.RUN_LABEL}={name}")
        self._api.delete_run(name)
        return (run.finished_at - run.created_at).total_seconds(), len(pods)

    def _found(self, name: str, run: "_Run") -> Found:
        pods = self._pods.pods(f"{run_pods.RUN_LABEL}={name}")
        return Found(self._outcome(name, run, pods), len(pods))

    def _outcome(self, name: str, run: "_Run", pods: list[run_pods.Pod]) -> Outcome:
        """Return what became of a run.

        One that failed tells what each step that failed wrote as its last word, a line each. What
        Kubeflow's own pods could not do, and nobody tried again, is no outcome of the pipeline.
        """
        seen = self.client.status(name)
        if seen.state == "succeeded":
            text = self.client.result(name).text
            return suite.succeeded(
                wire.plain(text, Artifacts(Store(store_in(run.folder)), lambda: ""))
            )
        failed = [step.message for step in seen.steps if step.state == "failed"]
        broken = list(broken_drivers(pods))
        if seen.state == "failed" and failed and not broken:
            return suite.failed("\n".join(failed))
        told = [f"{seen.state}: {seen.message}", *failed, *map(self._last_words, broken)]
        return Outcome("neither", None, "\n".join(told))

    def _last_words(self, pod: run_pods.Pod) -> str:
        """Return the line with which a program of Kubeflow's own gave up; Argo's come after it."""
        name = pod["metadata"]["name"]
        lines = [text for _, text in self._pods.log(name, run_pods.CONTAINER, "")]
        fatal = [text for text in lines if text.startswith("F")]
        return f"{name}: {(fatal or lines or [''])[-1]}"


def store_in(folder: Path) -> str:
    """Return the store of a run that has `folder`."""
    return (folder / "store").as_uri()


def broken_drivers(pods: Iterable[run_pods.Pod]) -> Iterator[run_pods.Pod]:
    """Yield the pods of Kubeflow's own that failed in the last attempt of Argo at them."""
    last: dict[str, run_pods.Pod] = {}
    for pod in sorted(pods, key=lambda pod: str(pod["metadata"]["creationTimestamp"])):
        if not any(each.startswith("--step=") for each in run_pods.command(pod)):
            node = pod["metadata"]["annotations"]["workflows.argoproj.io/node-name"]
            last[re.sub(r"\(\d+\)$", "", node)] = pod
    yield from (pod for pod in last.values() if pod["status"].get("phase") == "Failed")


@dataclass
class _Run:
    case: Case
    number: int
    folder: Path
    began: float
    looked: float = 0.0
