"""Starts runs on Kubeflow Pipelines with its own client, and tells of them.

What the API does not know, the pods of a run do (`headrace.targets.kubeflow.run_pods`): steps, logs
and results need the cluster, too.
"""

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from headrace.compiler.engine import (
    Connection,
    EngineClient,
    EngineError,
    Returned,
    Run,
    State,
    Step,
    StepLog,
    Submission,
    why_failed,
)
from headrace.runtime.outputs import RESULT_MARK
from headrace.targets.http_api import CERTIFICATES, cannot_reach, not_installed
from headrace.targets.kubeflow import run_pods as pods
from headrace.targets.kubeflow.scope import STORE
from headrace.targets.kubernetes_api import KubernetesApi, PodLog, documents

EXTRA = "kubeflow"
TOKEN = "HEADRACE_KFP_TOKEN"
ENDPOINT = "KF_PIPELINES_ENDPOINT"
"""The variable in which the client of Kubeflow Pipelines finds its server."""

_NAMESPACE = "kubeflow"
"""Where Kubeflow Pipelines runs pods unless there are profiles."""

_STATES: dict[str, State] = {
    "PENDING": "waiting",
    "PAUSED": "waiting",
    "RUNNING": "running",
    "CANCELING": "running",
    "SUCCEEDED": "succeeded",
    "SKIPPED": "succeeded",
    "FAILED": "failed",
    "CANCELED": "failed",
}

_LAUNCHER_LINE = re.compile(
    r"^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ \w+\.go:\d+\] |^time=\S+ .*argo=true"
)
"""A line that the launcher (glog) or Argo's executor writes into the log of a step's container."""

_PAGE = 100

_OF_PODS = (".configmap.yaml", ".resourceclaimtemplate.yaml")
"""What the names of files end with whose objects pods need."""


def connect(connection: Connection) -> EngineClient:
    """Return a client of the Kubeflow Pipelines that `connection` or the environment names.

    Raises:
        EngineError: what it needs is not installed, or nothing says where Kubeflow Pipelines is.
    """
    return KubeflowClient(connection)


class KubeflowClient:
    """Speaks with one installation of Kubeflow Pipelines."""

    def __init__(self, connection: Connection) -> None:
        """Find the server as the client of Kubeflow Pipelines does: --server, its variable, or the
        kubeconfig.

        Raises:
            EngineError: the client is not installed, or none of them names a server.
        """
        self._connection = connection
        self._cluster: KubernetesApi | None = None
        try:
            with _quiet():
                import kfp
        except ImportError:
            raise not_installed("the client of Kubeflow Pipelines", EXTRA) from None
        server = connection.server or os.environ.get(ENDPOINT) or None
        if server is None:
            self._pods_api()  # there is a cluster to go through, or an error that says so
        with _quiet(), _explained(server or "the server in the cluster"):
            asking_once = type("Client", (kfp.Client,), {"get_kfp_healthz": _health})
            self._client = asking_once(
                host=server,
                namespace=_NAMESPACE,
                existing_token=os.environ.get(TOKEN) or None,
                kube_context=connection.context,
                ssl_ca_cert=_certificates(),
            )
            if self._client.get_user_namespace():
                self._client.get_kfp_healthz()  # as it does by itself where it needs the namespace
        self._server = server or "the server in the cluster"

    def submit(self, submission: Submission) -> str:
        """Start a run of the specification, which need not be uploaded before.

        Raises:
            EngineError: Kubeflow Pipelines cannot be reached or refuses.
        """
        package = next(f for f in submission.files if f.name == f"{submission.pipeline}.yaml")
        for file in submission.files:
            if file.name.endswith(_OF_PODS):
                for document in documents(file.text):
                    self._pods_api().apply(document)
        parameters = dict(submission.parameters)
        if submission.store is not None:
            parameters[STORE.name] = submission.store
        with tempfile.TemporaryDirectory() as folder, self._asked():
            path = Path(folder, package.name)
            path.write_text(package.text, encoding="utf-8")
            run = self._client.create_run_from_pipeline_package(
                str(path),
                arguments=parameters,
                run_name=f"{submission.pipeline} {datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
                namespace=self._connection.namespace,
                enable_caching=False,
            )
        return str(run.run_id)

    def status(self, run: str) -> Run:
        """Return what became of `run` so far; without a cluster, without its steps.

        Raises:
            EngineError: there is no such run, or Kubeflow Pipelines cannot be reached.
        """
        found = self._run(run)
        cancelled = _cancelled(found)
        message, steps = _error(found), tuple[Step, ...]()
        try:
            seen = self._pods(run)
        except EngineError as error:
            message = message or f"its steps cannot be seen: {error}"
        else:
            steps = tuple(pods.steps(seen, cancelled))
            if found.state in ("FAILED", "CANCELED"):
                otherwise = "cancelled" if cancelled else pods.unseen_failure(seen)
                message = why_failed(steps, message or otherwise)
        return _listed(found, message, steps)

    def result(self, run: str) -> Returned:
        """Return what `run` returned, from the log of the step that made it.

        Raises:
            EngineError: the pod is gone, or the cluster cannot be reached.
        """
        found = self._run(run)
        spec, _ = _specification(found)
        if "outputDefinitions" not in spec.get("root", {}):
            return Returned("null", "")
        for pod in self._pods(run):
            if pods.prints_result(pod):
                name = pod["metadata"]["name"]
                lines = [text for _, text in self._pods_api().log(name, pods.CONTAINER, "")]
                _, mark, after = "\n".join(["", *lines]).rpartition(RESULT_MARK)
                if mark:
                    return Returned(after.partition("\n")[0], self._store(found, pod))
        raise EngineError(
            f"no pod of the run {run} tells its result",
            "Kubeflow Pipelines keeps no values: keep the pods until the result has been read",
        )

    def log(self, run: str, step: Step, attempt: str) -> StepLog:
        """Return the log of a pod."""
        return PodLog(self._pods_api(), attempt, pods.CONTAINER, _LAUNCHER_LINE)

    def cancel(self, run: str) -> None:
        """Terminate `run`.

        Raises:
            EngineError: there is no such run, or it has ended.
        """
        if _listed(self._run(run)).has_ended:
            raise EngineError(f"the run {run} has ended")
        with self._asked():
            self._client.terminate_run(run)

    def runs(self, limit: int) -> Sequence[Run]:
        """Return the newest runs of specifications that were compiled by headrace."""
        found: list[Run] = []
        token = ""
        while len(found) < limit:
            with self._asked():
                page = self._client.list_runs(
                    page_token=token,
                    page_size=_PAGE,
                    sort_by="created_at desc",
                    namespace=self._connection.namespace,
                )
            found += [_listed(each) for each in page.runs or () if _is_ours(each)]
            token = page.next_page_token or ""
            if not token:
                break
        return found[:limit]

    def _run(self, run: str) -> Any:
        with self._asked():
            return self._client.get_run(run)

    def _pods_api(self) -> KubernetesApi:
        if self._cluster is None:
            given = self._connection.namespace or _NAMESPACE
            self._cluster = KubernetesApi(
                Connection(context=self._connection.context, namespace=given), extra=EXTRA
            )
        return self._cluster

    def _pods(self, run: str) -> list[pods.Pod]:
        return self._pods_api().pods(f"{pods.RUN_LABEL}={run}")

    def _store(self, found: Any, pod: pods.Pod) -> str:
        given = getattr(found.runtime_config, "parameters", None) or {}
        spec, _ = _specification(found)
        inputs = spec.get("root", {}).get("inputDefinitions", {}).get("parameters", {})
        default = inputs.get(STORE.name, {}).get("defaultValue", "")
        fixed = pods.variable(pod, "HEADRACE_STORE").replace("$$", "$")
        return str(given.get(STORE.name, default) or fixed)

    @contextlib.contextmanager
    def _asked(self) -> Iterator[None]:
        with _quiet(), _explained(self._server):
            yield


def _certificates() -> str | None:
    """Return the file of certificates to trust; the client takes no folder, as `requests` does."""
    named = os.environ.get(CERTIFICATES, "")
    return named if Path(named).is_file() else None


def _health(client: Any, sleep_duration: int = 0) -> Any:
    """Ask for the health of the server once: the client would five times, and print every answer.

    Raises:
        EngineError: what answers is not Kubeflow Pipelines.
    """
    asked = client._healthz_api
    health = asked.healthz_service_get_healthz()
    if getattr(health, "multi_user", None) is None:
        host = asked.api_client.configuration.host
        raise EngineError(
            f"what answers at {host} is not the API server of Kubeflow Pipelines",
            f"is the URL right, with its path? A page to log in may answer, too: set {TOKEN}",
        )
    return health


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the client tells people from standard output, which is for results."""
    import warnings

    with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _explained(server: str) -> Iterator[None]:
    """Turn what the client raises into an error that says what to do."""
    import json

    from kfp_server_api import ApiException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ApiException as error:
        try:
            said = json.loads(error.body)["message"]
        except (KeyError, TypeError, ValueError):
            said = error.reason or str(error.body)
        hint = ""
        if error.status in (302, 401, 403):
            hint = f"set {TOKEN}, or log in to the cluster; --namespace names your profile"
        elif error.status == 404:
            hint = "is the URL right? If so, `headrace list --target kubeflow` shows the runs"
        raise EngineError(
            f"Kubeflow Pipelines at {server} answers {error.status}: {said}",
            hint,
            passing=error.status in (429, 502, 503, 504),
        ) from None
    except HTTPError as error:
        cause = str(getattr(error, "reason", None) or error)
        hint = f"set {ENDPOINT}, or give --server: https://HOST[/pipeline]"
        raise cannot_reach(f"Kubeflow Pipelines at {server}", cause, hint) from None


def _listed(found: Any, message: str = "", steps: tuple[Step, ...] = ()) -> Run:
    state = _STATES.get(found.state or "", "waiting")
    # The API gives 1970 for a run that has not ended.
    ended = found.finished_at if state in ("succeeded", "failed") else None
    return Run(
        name=found.run_id,
        pipeline=_specification(found)[0].get("pipelineInfo", {}).get("name", ""),
        state=state,
        started=found.created_at,
        ended=ended,
        message=message,
        steps=steps,
    )


def _cancelled(found: Any) -> datetime | None:
    """Return when somebody ended the run, if so: Kubeflow Pipelines 2.17 calls that FAILED, too."""
    times = [h.update_time for h in found.state_history or () if h.state == "CANCELING"]
    return times[0] if times else None


def _is_ours(found: Any) -> bool:
    return bool(_specification(found)[0].get("sdkVersion") == "headrace")


def _specification(found: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the two documents that a run was created from; empty where it names a version."""
    spec = found.pipeline_spec or {}
    if "pipeline_spec" in spec:
        return spec["pipeline_spec"], spec.get("platform_spec") or {}
    return spec, {}


def _error(found: Any) -> str:
    return str(getattr(found.error, "message", None) or "")
