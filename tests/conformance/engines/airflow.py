"""Runs cases on an Airflow that is started for it, its pods in the cluster of KUBECONFIG.

Every DAG file is run as it is compiled. What a case needs of the machine, a folder that its steps
share and the working folder of its image, Airflow's pod mutation hook gives to each pod
(`airflow_service.settings`).

It needs the environment `.venvs/airflow`; `kubernetes` is imported when it is called.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from airflow_service import runs
from airflow_service.runs import Dag, Runs
from airflow_service.service import Airflow
from cluster import clients
from cluster.images import working_folder
from cluster.machine import CannotRun
from conformance import suite
from conformance.engines import airflow_overhead, overhead
from conformance.engines.engine import Ended, NotThere
from conformance.evidence import Found, Overhead
from conformance.suite import Case, Outcome
from headrace.runtime import wire
from headrace.runtime.codecs import Artifacts
from headrace.runtime.store import open_store


@contextmanager
def airflow() -> Iterator["AirflowEngine"]:
    """Give an Airflow whose pods run in the cluster that KUBECONFIG leads to.

    Raises:
        NotThere: there is no cluster, or no PostgreSQL.
        DoesNotStart: there is one, but Airflow does not start.
    """
    kubeconfig = os.environ.get("KUBECONFIG")
    if not kubeconfig:
        raise NotThere("KUBECONFIG is not set")
    with clients.client(Path(kubeconfig)) as api, clients.namespace(api) as namespace:
        try:
            service = Airflow(Path(kubeconfig), namespace)
        except CannotRun as error:
            raise NotThere(str(error)) from error
        try:
            yield AirflowEngine(service)
        finally:
            service.stop()


class AirflowEngine:
    """Runs cases on `service`."""

    name = "airflow"

    def __init__(self, service: Airflow) -> None:
        """Ask for its version."""
        self.version = str(service.rest.get("/version")["version"])
        self._runs = Runs(service)
        self._cases: dict[str, tuple[Case, int]] = {}

    def prepare(self, cases: Iterable[Case]) -> None:
        """Give Airflow the DAG files of `cases`, which it reads while the first ones run."""
        self._runs.add(map(dag, cases))

    def start(self, case: Case, number: int) -> None:
        """Start the run `number` of `case`."""
        name = f"run-{len(self._cases)}"
        self._cases[name] = case, number
        parameters = suite.python_pipeline_parameters(case.runs[number])
        self._runs.start(runs.Run(name, dag(case), parameters, working_folder(case)))

    def ended(self) -> Iterator[Ended]:
        """Give the runs that have ended since, also those that took too long."""
        for run, ended in self._runs.ended():
            case, number = self._cases[run.name]
            found = Found(outcome(ended), ended.pods)
            yield Ended(case, number, found, ended.seconds, late=ended.late)

    def overhead(self) -> Overhead:
        """Measure what a step that does nothing takes, in our DAG file and in one made by hand.

        Raises:
            RuntimeError: a run does not succeed.
        """
        ours, by_hand = dag(overhead.CASE), airflow_overhead.BY_HAND
        return overhead.measured(
            lambda: airflow_overhead.took(self._runs, ours),
            lambda: airflow_overhead.took(self._runs, by_hand),
        )


def dag(case: Case) -> Dag:
    """Return the DAG of `case`."""
    (file,) = suite.emitted(case, "airflow")[0]
    pipeline = suite.compiled(case).pipeline
    assert pipeline is not None
    return Dag(pipeline.name, file.name, file.text)


def outcome(ended: runs.Ended) -> Outcome:
    """Return what became of a run.

    One that failed tells what each pod that failed wrote as its last word, a line each.
    """
    if ended.state == "failed":
        return suite.failed("\n".join(map(_last_word, ended.messages)))
    if ended.state == "success" and isinstance(ended.result, str):
        artifacts = Artifacts(open_store(ended.store), lambda: "")
        return suite.succeeded(wire.plain(ended.result, artifacts))
    told = [f"{ended.state}: {ended.result!r}", *ended.messages]
    told += [f"{name}: {state}" for name, state in ended.tasks.items()]
    return Outcome("neither", None, "\n".join(told))


def _last_word(message: str) -> str:
    """Return what a pod wrote, of what its operator says: after a line about the pod."""
    first, _, rest = message.partition("\n")
    return rest if first.startswith("Pod ") else message
