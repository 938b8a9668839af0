"""Runs DAG files with Airflow's own `dag.test()`, their pods as processes of this machine.

`run` keeps one worker process in the environment `.venvs/airflow`, with an `AIRFLOW_HOME` and a
SQLite database of its own that are gone when the tests end; the worker is this file as a script.
What a real pod would see is kept: the operator makes the pod's specification, whose command,
arguments and environment are expanded as Kubernetes expands them.
"""

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.kubernetes import expanded

ROOT = Path(__file__).resolve().parent.parent
AIRFLOW_PYTHON = ROOT / ".venvs" / "airflow" / "bin" / "python"
XCOM_FILE = "/airflow/xcom/return.json"
SECONDS = 300


@dataclass(frozen=True)
class Outcome:
    """How a run ended: `result` is the XCom text of the last task, if it got there.

    `tasks` has the state of each task, by `id` or `id[index]`; `pods` what each attempt ran, and
    its `message` as Kubernetes would have it from the termination log.
    """

    state: str
    result: str | None
    tasks: dict[str, str | None] = field(default_factory=dict)
    pods: list[dict[str, Any]] = field(default_factory=list)
    log: str = ""


def run(
    dag_file: Path,
    parameters: dict[str, str],
    code_dir: Path,
    python: str | Path = sys.executable,
    *,
    temporary: Path | None = None,
) -> Outcome:
    """Run the DAG in `dag_file` once and return how it ended.

    Pods run the `headrace-step` beside the interpreter `python`, with `code_dir` as the current
    folder; `parameters` are the run's JSON texts by name. `temporary` is where all pods make their
    temporary files.
    """
    worker = _worker()
    before = len(worker.log())
    answer = worker.ask(
        {
            "do": "run",
            "dag_file": str(dag_file),
            "parameters": parameters,
            "code_dir": str(code_dir),
            "step": str(Path(python).parent / "headrace-step"),
            "temporary": None if temporary is None else str(temporary),
        }
    )
    return Outcome(**answer, log=worker.log()[before:])


def load(folder: Path) -> dict[str, Any]:
    """Import the DAG files of `folder` as the DAG processor does, serialised and back.

    Returns:
        `errors` by file, and `dags`: by id the serialised form, as Airflow's database keeps it.
    """
    return _worker().ask({"do": "load", "folder": str(folder)})


def pods(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the pod that the operator makes of each task in the DAG files of `folder`.

    They are told by `dag.task`; what is a template in them stays one, since nothing is run.
    """
    return _worker().ask({"do": "pods", "folder": str(folder)})


class _Worker:
    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="headrace-airflow-"))
        (self.home / "dags").mkdir()
        reading, writing = os.pipe()
        self._log = (self.home / "worker.log").open("w+")
        self._process = subprocess.Popen(
            [str(AIRFLOW_PYTHON), str(Path(__file__).resolve()), str(writing)],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            pass_fds=[writing],
            text=True,
            env=_environment(self.home),
            cwd=self.home,
        )
        os.close(writing)
        self._answers = os.fdopen(reading)

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        line = self._answers.readline()
        if not line:
            raise RuntimeError("the Airflow worker ended:\n" + self.log()[-6000:])
        answer: dict[str, Any] = json.loads(line)
        return answer

    def log(self) -> str:
        self._log.seek(0)
        return self._log.read()

    def close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._answers.close()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        shutil.rmtree(self.home, ignore_errors=True)


_WORKERS: list[_Worker] = []


def _worker() -> _Worker:
    if not _WORKERS:
        _WORKERS.append(_Worker())
        atexit.register(lambda: _WORKERS.pop().close())
    return _WORKERS[0]


def _environment(home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
    }


# --- the worker -----------------------------------------------------------------------------------


def _serve(answers: int) -> None:
    from airflow.utils.db import initdb

    initdb()
    actions: dict[str, Callable[..., Any]] = {"run": _run, "load": _load, "pods": _pods}
    with os.fdopen(answers, "w") as stream:
        for line in sys.stdin:
            question = json.loads(line)
            do = actions[question.pop("do")]
            stream.write(json.dumps(do(**question)) + "\n")
            stream.flush()
    # Who asked may be gone: pytest-xdist ends its processes without patience.
    shutil.rmtree(os.environ["AIRFLOW_HOME"], ignore_errors=True)


def _load(folder: str) -> dict[str, Any]:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization

    bag = DagBag(folder)
    errors = {Path(name).name: text for name, text in bag.import_errors.items()}
    dags: dict[str, Any] = {}
    for dag in bag.dags.values():
        try:
            data = DagSerialization.to_dict(dag)
            again = DagSerialization.from_dict(json.loads(json.dumps(data)))
            assert set(again.task_dict) == set(dag.task_dict)
            dags[dag.dag_id] = data
        except Exception as error:
            errors[Path(dag.fileloc).name] = repr(error)
    return {"errors": errors, "dags": json.loads(json.dumps(dags, default=str))}


def _pods(folder: str) -> dict[str, Any]:
    from types import SimpleNamespace

    from airflow.dag_processing.dagbag import DagBag
    from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
    from kubernetes.client import ApiClient

    bag = DagBag(folder)
    if bag.import_errors:
        raise RuntimeError(f"no DAG: {bag.import_errors}")
    KubernetesPodOperator.hook = property(lambda self: _Hook())
    made = {}
    for dag in bag.dags.values():
        for task in dag.tasks:
            if isinstance(task, KubernetesPodOperator):
                ti = SimpleNamespace(
                    dag_id=dag.dag_id, task_id=task.task_id, map_index=-1, try_number=1
                )
                context: Any = {"ti": ti, "run_id": "manual__2026-01-02T03:04:05+00:00", "dag": dag}
                pod = task.build_pod_request_obj(context)
                made[f"{dag.dag_id}.{task.task_id}"] = ApiClient().sanitize_for_serialization(pod)
    return made


def _run(
    dag_file: str,
    parameters: dict[str, str],
    code_dir: str,
    step: str,
    temporary: str | None,
) -> dict[str, Any]:
    import signal

    from airflow.dag_processing.dagbag import DagBag
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    dags = Path(os.environ["AIRFLOW_HOME"]) / "dags"
    shutil.rmtree(dags)
    dags.mkdir()
    shutil.copy(dag_file, dags)
    bag = DagBag(dags)
    if bag.import_errors or len(bag.dags) != 1:
        raise RuntimeError(f"no DAG: {bag.import_errors}")
    (dag,) = bag.dags.values()
    pods: list[dict[str, Any]] = []
    machine = {"PATH": os.environ["PATH"], "HOME": code_dir}
    if temporary is not None:
        machine["TMPDIR"] = temporary
    _pods_as_processes(machine, step, pods)
    signal.alarm(SECONDS)
    try:
        dag_run = dag.test(run_conf=parameters)
    finally:
        signal.alarm(0)
    last = next(t for t in dag.tasks if not t.downstream_task_ids)
    with create_session() as session:
        instances = dag_run.get_task_instances(session=session)
        states = {
            i.task_id if i.map_index < 0 else f"{i.task_id}[{i.map_index}]": i.state
            for i in instances
        }
        values = session.scalars(
            select(XComModel.value).where(
                XComModel.run_id == dag_run.run_id, XComModel.task_id == last.task_id
            )
        ).all()
    result = values[0] if values else None
    return {"state": str(dag_run.state), "result": result, "tasks": states, "pods": pods}


class _Hook:
    """Stands for the connection to a cluster while the pod's specification is made."""

    is_in_cluster = False

    def __getattr__(self, name: str) -> Any:
        return lambda: None


def _pods_as_processes(machine: dict[str, str], step: str, pods: list[dict[str, Any]]) -> None:
    """Let pods be processes whose environment has `machine`, and add to `pods` what each did."""
    from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
    from kubernetes.client import ApiClient
    from kubernetes.client import models as k8s

    def execute(self: Any, context: Any) -> Any:
        self.pod = self.pod_request_obj = self.build_pod_request_obj(context)
        container = self.pod.spec.containers[0]
        ti = context["ti"]
        task = ti.task_id if ti.map_index < 0 else f"{ti.task_id}[{ti.map_index}]"
        with tempfile.TemporaryDirectory() as folder:
            returned = Path(folder) / "return.json"
            done = _process(container, machine, step, returned)
            specification = ApiClient().sanitize_for_serialization(self.pod)["spec"]
            pods.append({"task": task, **done, "specification": specification})
            terminated = k8s.V1ContainerStateTerminated(
                exit_code=done["exit_code"], message=done["message"]
            )
            status = k8s.V1ContainerStatus(
                name="base",
                image="",
                image_id="",
                ready=False,
                restart_count=0,
                state=k8s.V1ContainerState(terminated=terminated),
            )
            self.remote_pod = k8s.V1Pod(status=k8s.V1PodStatus(container_statuses=[status]))
            if done["exit_code"] != 0:
                from airflow.exceptions import AirflowException

                raise AirflowException(
                    f"Pod {task} returned a failure.\n{done['message']}\n{done['stderr']}"
                )
            return json.loads(returned.read_text()) if returned.is_file() else None

    KubernetesPodOperator.hook = property(lambda self: _Hook())
    KubernetesPodOperator.execute = execute


def _process(container: Any, machine: dict[str, str], step: str, returned: Path) -> dict[str, Any]:
    environment: dict[str, str] = {}
    for variable in container.env:
        environment[variable.name] = expanded(variable.value or "", environment)
    command = [expanded(text, environment) for text in (*container.command, *container.args)]
    assert command[0] == "headrace-step"
    message = returned.with_name("termination-log")
    message.touch()
    process = subprocess.run(
        [step, *(text.replace(XCOM_FILE, str(returned)) for text in command[1:])],
        cwd=machine["HOME"],
        env={**machine, "HEADRACE_TERMINATION_LOG": str(message), **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    return {
        "arguments": command,
        "environment": environment,
        "exit_code": process.returncode,
        "message": message.read_text(encoding="utf-8"),
        "stderr": process.stderr,
    }


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
