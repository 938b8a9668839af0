"""Runs of DAGs on an Airflow that runs: many at once, each with a folder that its pods share."""

import json
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_service.service import Airflow
from cluster.images import STEP, WORKING_FOLDER
from headrace.targets.airflow.emit import STORE_PARAMETER

SECONDS_BETWEEN_LOOKS = 1
SECONDS_TO_READ = 300
SECONDS_TO_RUN = 1800

ENDED = ("success", "failed")
"""The states in which Airflow lets a run, and a task that ran, end."""

POD_OPERATOR = "KubernetesPodOperator"


@dataclass(frozen=True)
class Dag:
    """The DAG called `id`, of the DAG file `text` called `file_name`."""

    id: str
    file_name: str
    text: str


@dataclass(frozen=True)
class Run:
    """A run of `dag`; no other run has its `name`.

    `parameters` are JSON texts. Steps start in `working_folder` of the image; or in a copy of the
    folder `code`, in the image with nothing but headrace, whatever image they ask for, unless they
    keep their `own_images`.
    """

    name: str
    dag: Dag
    parameters: dict[str, str]
    working_folder: str = WORKING_FOLDER
    code: Path | None = None
    own_images: bool = False


@dataclass(frozen=True)
class Ended:
    """How a run ended, `seconds` after it was asked for.

    `state` is Airflow's; `result` the XCom of the last task, if it got there; `messages` what
    Airflow says of each task that failed; `pods` their number; `store` where artifacts are.
    `tasks` has the state of each task, by `id` or `id[index]`. One that is `late` was ended here.
    """

    state: str
    result: Any
    messages: tuple[str, ...]
    pods: int
    store: str
    seconds: float
    tasks: dict[str, str]
    late: bool = False


class Runs:
    """Puts DAG files into the folder of `airflow` and runs them."""

    def __init__(self, airflow: Airflow) -> None:
        """Run nothing yet."""
        self._airflow = airflow
        self._rest = airflow.rest
        self._files: dict[str, Dag] = {}
        self._read: set[str] = set()
        self._wrong: dict[str, str] = {}
        self._waiting: dict[str, tuple[Run, float]] = {}
        self._running: dict[str, tuple[Run, float]] = {}

    def add(self, dags: Iterable[Dag]) -> None:
        """Let Airflow read the files of `dags` before runs need them, the first of them first."""
        # It reads the newest file first; of files of one name the first is there until it has run.
        for dag in {dag.file_name: dag for dag in reversed(list(dags))}.values():
            self._write(dag)

    def start(self, run: Run) -> None:
        """Start `run` as soon as Airflow has read its file."""
        self._waiting[run.name] = run, time.monotonic()
        self._write(run.dag)

    def ended(self) -> Iterator[tuple[Run, Ended]]:
        """Give the runs that have ended since.

        Raises:
            RuntimeError: a program of Airflow has ended.
        """
        if programs := self._airflow.ended():
            raise RuntimeError(f"{', '.join(programs)} ended; logs: {self._airflow.settings.logs}")
        yield from self._start_waiting()
        active = self._rest.rows("/dags/~/dagRuns", "dag_runs", state=["queued", "running"])
        still = {each["dag_run_id"] for each in active}
        for name, (run, began) in list(self._running.items()):
            seconds = time.monotonic() - began
            if name not in still or seconds > SECONDS_TO_RUN:
                del self._running[name]
                yield run, self._ended(run, seconds)

    def has_started(self, run: Run) -> bool:
        """Whether Airflow has read the file of `run`, so that it has been started."""
        return run.name not in self._waiting

    def until_all_end(self) -> Iterator[tuple[Run, Ended]]:
        """Give all runs, as they end; what takes too long is ended, and given as it was.

        Raises:
            RuntimeError: a program of Airflow has ended.
        """
        while self._waiting or self._running:
            yield from self.ended()
            time.sleep(SECONDS_BETWEEN_LOOKS)

    # --- DAG files -------------------------------------------------------------------------------

    def _write(self, dag: Dag) -> None:
        """Put the file of `dag` in place, unless one of its name is there that is still needed."""
        before = self._files.get(dag.file_name)
        if before == dag:
            return
        path = self._airflow.settings.dags / dag.file_name
        if before is not None:
            others = (*self._waiting.values(), *self._running.values())
            if not self._is_looked_at(before) or any(run.dag == before for run, _ in others):
                return
            path.unlink()
            if before.id in self._read:
                self._rest.send("DELETE", f"/dags/{before.id}")
            self._read.discard(before.id)
            self._wrong.pop(dag.file_name, None)
        new = path.with_suffix(".new")
        new.write_text(dag.text, encoding="utf-8")
        new.rename(path)
        self._files[dag.file_name] = dag

    def _is_looked_at(self, dag: Dag) -> bool:
        """Whether Airflow has read the file of `dag`, or found it wrong."""
        return dag.id in self._read or dag.file_name in self._wrong

    def _start_waiting(self) -> Iterator[tuple[Run, Ended]]:
        """Start what can be; give the runs of files that Airflow cannot read."""
        for run, _ in self._waiting.values():
            self._write(run.dag)
        files = {
            run.dag.file_name: self._files[run.dag.file_name] for run, _ in self._waiting.values()
        }
        if not all(map(self._is_looked_at, files.values())):
            self._look()
        for run, began in list(self._waiting.values()):
            seconds = time.monotonic() - began
            if files[run.dag.file_name] != run.dag:
                continue
            if run.dag.id in self._read:
                del self._waiting[run.name]
                self._start(run)
            elif self._is_looked_at(run.dag) or seconds > SECONDS_TO_READ:
                del self._waiting[run.name]
                said = self._wrong.get(run.dag.file_name, "")
                yield run, Ended("not read", None, (said,), 0, "", seconds, {})

    def _look(self) -> None:
        """Ask which files Airflow has read, and what is wrong with the others."""
        self._read = {each["dag_id"] for each in self._rest.rows("/dags", "dags")}
        found = self._rest.rows("/importErrors", "import_errors")
        self._wrong = {Path(each["filename"]).name: each["stack_trace"] for each in found}

    # --- runs ------------------------------------------------------------------------------------

    def _start(self, run: Run) -> None:
        folder = self.folder(run)
        folder.mkdir()
        pod = {"image": None, "working_folder": run.working_folder}
        if run.code is not None:
            image = None if run.own_images else STEP
            pod = {"image": image, "working_folder": str(folder / "code")}
            shutil.copytree(run.code, folder / "code")
        (folder / "pod.json").write_text(json.dumps(pod))
        body = {
            "dag_run_id": run.name,
            "logical_date": None,
            "conf": {STORE_PARAMETER: self._store(run), **run.parameters},
        }
        self._rest.send("POST", f"/dags/{run.dag.id}/dagRuns", body)
        self._running[run.name] = run, time.monotonic()

    def folder(self, run: Run) -> Path:
        """Return the folder that the pods of `run` share, which is there when it has started."""
        return self._airflow.settings.runs / run.name

    def _store(self, run: Run) -> str:
        return (self.folder(run) / "store").as_uri()

    def _ended(self, run: Run, seconds: float) -> Ended:
        place = f"/dags/{run.dag.id}/dagRuns/{run.name}"
        state = self._rest.get(place)["state"]
        if state not in ENDED:
            self._rest.send("PATCH", place, {"state": "failed"})
        tasks = self._rest.rows(f"{place}/taskInstances", "task_instances")
        ran = [task for task in tasks if task["state"] in ENDED]
        pods = [task["try_number"] for task in ran if task["operator"] == POD_OPERATOR]
        failed = [task for task in ran if task["state"] == "failed"]
        return Ended(
            state=state,
            result=self._result(run, place) if state == "success" else None,
            messages=tuple(self._message(place, task) for task in failed),
            pods=sum(pods),
            store=self._store(run),
            seconds=seconds,
            tasks={_name(task): str(task["state"]) for task in tasks},
            late=state not in ENDED,
        )

    def _result(self, run: Run, place: str) -> Any:
        """Return the XCom of the task that no other one waits for."""
        tasks = self._rest.get(f"/dags/{run.dag.id}/tasks")["tasks"]
        (last,) = (task["task_id"] for task in tasks if not task["downstream_task_ids"])
        return self._rest.get(f"{place}/taskInstances/{last}/xcomEntries/return_value")["value"]

    def _message(self, place: str, task: dict[str, Any]) -> str:
        """Return the text of the exception that ended `task`, as its log has it."""
        found = self._rest.get(
            f"{place}/taskInstances/{task['task_id']}/logs/{task['try_number']}",
            map_index=task["map_index"],
            full_content=True,
        )
        errors = [error for line in found["content"] for error in line.get("error_detail") or ()]
        return "\n".join(error["exc_value"] for error in errors)


def _name(task: dict[str, Any]) -> str:
    index = task["map_index"]
    return str(task["task_id"] if index < 0 else f"{task['task_id']}[{index}]")
