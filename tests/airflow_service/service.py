"""A real Airflow on this machine, whose tasks run in pods of a real Kubernetes.

`Airflow` starts PostgreSQL, the API server, the scheduler with its LocalExecutor and the DAG
processor; `stop()` ends them. No triggerer: nothing that headrace writes is deferred.
"""

import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from shutil import rmtree

import environments
from airflow_service import database
from airflow_service.programs import Programs
from airflow_service.rest import Rest
from airflow_service.settings import ENVIRONMENT, Settings, free_ports
from cluster.machine import CannotRun
from cluster.programs import tails

SECONDS_TO_START = 180
COMPONENTS = ("api-server", "scheduler", "dag-processor")
PARALLELISM = 8
"""Tasks at once: they wait for pods most of their time."""


class DoesNotStart(Exception):
    """Airflow does not start; the text has the logs' ends."""


class Airflow:
    """An Airflow that was started here; its pods run in `namespace` of the cluster."""

    def __init__(self, kubeconfig: Path, namespace: str, *, parallelism: int = PARALLELISM) -> None:
        """Start it, and wait until it can run what is put into its folder of DAG files.

        Raises:
            CannotRun: this machine lacks what it needs.
            DoesNotStart: this machine has all, and yet it does not start.
        """
        _prepare()
        folder = Path(tempfile.mkdtemp(prefix="headrace-airflow-service-"))
        folder.chmod(0o711)
        api_port, database_port, log_port = free_ports(3)
        self.settings = Settings(
            folder=folder,
            kubeconfig=kubeconfig,
            namespace=namespace,
            parallelism=parallelism,
            api_port=api_port,
            database_port=database_port,
            log_port=log_port,
        )
        self.rest = Rest(self.settings.url)
        self.settings.write()
        self._programs = Programs(self.settings.logs)
        try:
            self._start()
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            shown = tails(self.settings.logs)
            self.stop(keep_logs=True)
            raise DoesNotStart(f"{shown}{error}; logs: {self.settings.logs}") from error
        except BaseException:
            self.stop()
            raise

    def ended(self) -> list[str]:
        """Return the programs that have ended though Airflow was not stopped."""
        return self._programs.ended()

    def restart_scheduler(self) -> None:
        """Kill the scheduler with the tasks that it runs, and start it again.

        It looks for the tasks of the one that was killed more often than is usual.
        """
        self._programs.kill("scheduler")
        self._start_component("scheduler", AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL="5")

    def stop(self, *, keep_logs: bool = False) -> None:
        """End all programs, and remove all that they kept, but the logs if `keep_logs`."""
        self._programs.stop()
        kept = ("logs", "task-logs", "dags") if keep_logs else ()
        for path in self.settings.folder.iterdir():
            if path.name in kept:
                continue
            if path.is_dir():
                rmtree(path, ignore_errors=True)
            else:
                path.unlink()
        if not kept:
            rmtree(self.settings.folder, ignore_errors=True)

    def _start(self) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        database.make(self.settings)
        server = database.command(self.settings)
        self._programs.start("database", server, {}, user=database.USER)
        self._wait("the database is ready", lambda: database.is_ready(self.settings), deadline)
        database.create(self.settings)
        self._migrate()
        for component in COMPONENTS:
            self._start_component(component)
        self._wait("all components are healthy", self._is_healthy, deadline)

    def _start_component(self, component: str, **more: str) -> None:
        airflow = str(ENVIRONMENT / "bin" / "airflow")
        self._programs.start(component, [airflow, component], self.settings.environment() | more)

    def _migrate(self) -> None:
        done = subprocess.run(
            [str(ENVIRONMENT / "bin" / "airflow"), "db", "migrate"],
            env=self.settings.environment(),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        (self.settings.logs / "migrate.log").write_text(done.stdout + done.stderr)
        if done.returncode:
            raise RuntimeError("the tables of the database cannot be made")

    def _is_healthy(self) -> bool:
        health = self.rest.health()
        names = ("metadatabase", "scheduler", "dag_processor")
        return all(health[name]["status"] == "healthy" for name in names)

    def _wait(self, what: str, holds: Callable[[], bool], deadline: float) -> None:
        while True:
            with suppress(OSError):
                if holds():
                    return
            if ended := self.ended():
                raise RuntimeError(f"before {what}, {', '.join(ended)} ended")
            if time.monotonic() > deadline:
                raise RuntimeError(f"after {SECONDS_TO_START} s it is not so that {what}")
            time.sleep(0.2)


def _prepare() -> None:
    """See that PostgreSQL is there, and install it if it can be."""
    try:
        environments.install_system_packages([database.PACKAGE])
    except subprocess.CalledProcessError as error:
        raise RuntimeError(f"{' '.join(map(str, error.cmd))} failed") from error
    if database.program("initdb") is None:
        raise CannotRun(f"Debian's package {database.PACKAGE} is not here")
