"""Runs that faults hit, on an Airflow that was started for tests."""

from pathlib import Path
from typing import Any

from airflow_service.runs import Dag, Run, Runs
from airflow_service.service import Airflow
from faults.play import compiled
from faults.table import Fault
from headrace.compiler.engine import Connection
from headrace.runtime import wire
from headrace.targets.airflow.client import connect


class AirflowSite:
    """Runs DAGs on `airflow`; `api` is an `ApiClient` of the cluster of its pods."""

    def __init__(self, airflow: Airflow, api: Any) -> None:
        """Start nothing yet."""
        self.api = api
        self.namespace = airflow.settings.namespace
        self.client = connect(Connection(server=airflow.settings.url))
        self._airflow, self._runs = airflow, Runs(airflow)
        self._started: dict[str, Run] = {}

    def start(self, fault: Fault, code: Path) -> Path:
        """Start the run of `fault` as soon as Airflow has read its file."""
        name, (file,) = compiled(fault, code, "airflow")
        dag = Dag(name, file.name, file.text)
        parameters = {"fault": wire.encode(fault.fault)}
        run = Run(fault.name, dag, parameters, code=code, own_images=True)
        self._started[fault.name] = run
        self._runs.start(run)
        return self._runs.folder(run)

    def name_of(self, fault: Fault) -> str | None:
        """Return `DAG/RUN`, if the run has been started yet.

        Raises:
            RuntimeError: a program of Airflow has ended.
        """
        for run, ended in self._runs.ended():
            assert ended.state != "not read", (run, ended)
        run = self._started[fault.name]
        return f"{run.dag.id}/{run.name}" if self._runs.has_started(run) else None

    def restart(self) -> None:
        """Kill the scheduler, and the tasks that it has started, and start it again."""
        self._airflow.restart_scheduler()
