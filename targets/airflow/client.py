"""Starts runs on Airflow, and tells of them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
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
from headrace.targets.airflow.delivery import deliver
from headrace.targets.airflow.emit import STORE_PARAMETER
from headrace.targets.airflow.graph import RESULT
from headrace.targets.airflow.rest import Rest, part, run_path
from headrace.targets.airflow.task_log import TaskLog, last_words
from headrace.targets.http_api import Refused
from headrace.targets.step_command import step_and_function

_RUN_STATES: dict[str, State] = {
    "queued": "waiting",
    "running": "running",
    "success": "succeeded",
    "failed": "failed",
}

_TASK_STATES: dict[str | None, State] = {
    "running": "running",
    "success": "succeeded",
    "failed": "failed",
}
"""Those of tasks that are not waiting."""

_NEVER_STARTED = ("skipped", "upstream_failed", "removed")

_CANCELLED = "cancelled with headrace"
"""The note of a run that was cancelled here: its tasks do not tell why they ended."""

_COMPILED = "Compiled by headrace"
"""Stands in the description of every DAG that headrace has compiled."""

_LOOKED_AT = 5
"""How many times as many runs are looked at as are listed: some are of other DAGs."""


def connect(connection: Connection) -> EngineClient:
    """Return a client of the Airflow that `connection` or the environment names.

    Raises:
        EngineError: what it needs is not installed, or nothing says where Airflow is.
    """
    return AirflowClient(Rest(connection), connection)


class AirflowClient:
    """Speaks with one Airflow. The name of a run is DAG/RUN."""

    def __init__(self, rest: Rest, connection: Connection) -> None:
        """Speak with the server of `rest`; its pods run where `connection` says, if it does."""
        self._rest, self._connection = rest, connection
        self._words: dict[str, str] = {}

    def submit(self, submission: Submission) -> str:
        """Start a run of the DAG, which must be there as it was compiled.

        Raises:
            EngineError: it is not there or paused, or Airflow cannot be reached or refuses.
        """
        deliver(self._rest, submission, self._connection)
        conf = dict(submission.parameters)
        if submission.store is not None:
            conf[STORE_PARAMETER] = submission.store
        path = f"/dags/{part(submission.pipeline)}/dagRuns"
        # Without the key the API refuses; without a date runs may start as often as one likes.
        run = self._rest.call("POST", path, body={"logical_date": None, "conf": conf})
        return f"{submission.pipeline}/{run['dag_run_id']}"

    def status(self, run: str) -> Run:
        """Return what became of `run` so far.

        Raises:
            EngineError: there is no such run, or Airflow cannot be reached.
        """
        found = self._run(run)
        steps = tuple(self._steps(*_split(run)))
        message = str(found.get("note") or "")
        if found["state"] == "failed" and message != _CANCELLED:
            message = why_failed(steps, message or "the run was marked as failed")
        return _listed(found, message, steps)

    def result(self, run: str) -> Returned:
        """Return what `run` returned.

        Raises:
            EngineError: there is no such run, or it has no result.
        """
        path = f"{run_path(*_split(run))}/taskInstances/{RESULT}/xcomEntries/return_value"
        try:
            entry = self._rest.call("GET", path)
        except Refused as error:
            if error.status != 404:
                raise
            raise EngineError(
                f"the run {run} has no result", "was its DAG compiled by headrace?"
            ) from None
        return Returned(str(entry["value"]), self._store(run))

    def log(self, run: str, step: Step, attempt: str) -> StepLog:
        """Return the lines of the step's container in the log of a task."""
        return TaskLog(self._rest, attempt)

    def cancel(self, run: str) -> None:
        """Mark `run` as failed, which ends its pods, and note why.

        Raises:
            EngineError: there is no such run, or it has ended.
        """
        if self._run(run)["state"] in ("success", "failed"):
            raise EngineError(f"the run {run} has ended")
        self._rest.call(
            "PATCH", run_path(*_split(run)), body={"state": "failed", "note": _CANCELLED}
        )

    def runs(self, limit: int) -> Sequence[Run]:
        """Return the newest runs of DAGs that were compiled by headrace."""
        query = {"order_by": "-run_after"}
        ours: dict[str, bool] = {}
        found: list[Run] = []
        pages = self._rest.pages("/dags/~/dagRuns", "dag_runs", query)
        for _, run in zip(range(limit * _LOOKED_AT), pages, strict=False):
            dag = run["dag_id"]
            if dag not in ours:
                ours[dag] = _COMPILED in (self._dag(dag).get("doc_md") or "")
            if ours[dag]:
                found.append(_listed(run))
            if len(found) == limit:
                break
        return found

    def _dag(self, dag: str) -> Any:
        try:
            return self._rest.call("GET", f"/dags/{part(dag)}/details")
        except Refused as error:
            if error.status == 404:
                return {}  # it has been deleted, and its runs have not
            raise

    def _run(self, run: str) -> Any:
        dag, name = _split(run)
        try:
            return self._rest.call("GET", run_path(dag, name))
        except Refused as error:
            if error.status != 404:
                raise
            raise EngineError(
                f"Airflow at {self._rest.url} has no run {name!r} of the DAG {dag!r}",
                "`headrace list --target airflow` shows the runs",
            ) from None

    def _store(self, run: str) -> str:
        """Return the URL of the store that the tasks of `run` were given."""
        path = f"{run_path(*_split(run))}/taskInstances"
        for instance in self._rest.pages(path, "task_instances"):
            variables = (instance.get("rendered_fields") or {}).get("env_vars")
            for variable in variables if isinstance(variables, list) else ():
                if variable["name"] == "HEADRACE_STORE":
                    # What Kubernetes would read as a variable is doubled there.
                    return str(variable["value"] or "").replace("$$", "$")
        return ""

    def _steps(self, dag: str, name: str) -> Iterator[Step]:
        path = f"{run_path(dag, name)}/taskInstances"
        tasks = self._rest.call("GET", f"/dags/{part(dag)}/tasks")["tasks"]
        sources = {task["task_id"]: task.get("doc_md") or "" for task in tasks}
        found = list(self._rest.pages(path, "task_instances"))
        found.sort(key=lambda t: (t["start_date"] or "9", t["task_id"], t["map_index"]))
        for instance in found:
            if instance["operator"] == "KubernetesPodOperator" and _was_started(instance):
                yield self._step(path, instance, sources.get(instance["task_id"], ""))

    def _step(self, path: str, instance: Mapping[str, Any], source: str) -> Step:
        index = instance["map_index"]
        arguments = (instance.get("rendered_fields") or {}).get("arguments") or ()
        state = _TASK_STATES.get(instance["state"], "waiting")
        attempts = tuple(
            f"{path}/{part(instance['task_id'])}/logs/{number}?map_index={index}"
            for number in range(1, instance["try_number"] + 1)
        )
        return Step(
            id=instance["task_id"] + (f"[{index}]" if index >= 0 else ""),
            function=step_and_function(arguments)[1],
            source=source,
            state=state,
            attempts=attempts,
            seconds=float(instance["duration"] or 0),
            message=self._last_words(attempts[-1]) if state == "failed" and attempts else "",
        )

    def _last_words(self, attempt: str) -> str:
        """Return why an attempt failed; who waits for a run asks again and again."""
        if attempt not in self._words:
            self._words[attempt] = last_words(self._rest, attempt)
        return self._words[attempt]


def _was_started(instance: Mapping[str, Any]) -> bool:
    return instance["state"] is not None and instance["state"] not in _NEVER_STARTED


def _split(run: str) -> tuple[str, str]:
    dag, slash, name = run.partition("/")
    if not slash:
        raise EngineError(f"{run!r} is no run of a DAG", "write airflow/DAG/RUN")
    return dag, name


def _listed(run: Mapping[str, Any], message: str = "", steps: tuple[Step, ...] = ()) -> Run:
    return Run(
        name=f"{run['dag_id']}/{run['dag_run_id']}",
        pipeline=run["dag_id"],
        state=_RUN_STATES[run["state"]],
        started=_time(run["start_date"] or run["run_after"]),
        ended=_time(run["end_date"]),
        message=message,
        steps=steps,
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
