"""Runs Kubeflow manifests with `kfp.local` and its Docker runner, in containers of podman.

`run` needs the environment `.venvs/kubeflow`; `kfp` is imported when it is called.
"""

import builtins
import contextlib
import io
import json
import os
import shlex
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

import containers

ROOT = Path(__file__).resolve().parent.parent
STORE_PARAMETER = "headrace-store"
NO_RESULT = "null"

# What a container writes goes to files: `kfp.local` mixes the logs, and knows no termination log.
_ENTRY = """\
export {variables}
log={folder}/$HOSTNAME
export HEADRACE_TERMINATION_LOG="$log.message"
: >"$log.message"
"$@" >"$log.log" 2>&1
code=$?
echo "$code" >"$log.code"
exit "$code"
"""


class RunFailed(Exception):
    """The run failed; the text has what its containers and `kfp.local` wrote.

    `messages` are those of the containers that failed, as Kubernetes would have them.
    """

    def __init__(self, text: str, messages: list[str]) -> None:
        """Keep both."""
        super().__init__(text)
        self.messages = messages


@dataclass(frozen=True)
class Outcome:
    """How a run ended: the text of its result, and what each container wrote."""

    result: str
    logs: list[str] = field(default_factory=list)


def run(
    manifest_path: Path,
    parameters: Mapping[str, str],
    code_dir: Path,
    python: str | Path = sys.executable,
    *,
    temporary: Path | None = None,
) -> Outcome:
    """Run the pipeline in `manifest_path` once.

    Containers run the `headrace-step` beside the interpreter `python`, in the folder `code_dir`;
    `parameters` are the run's JSON texts by name, and the store, a folder or its `file:` URL.
    `temporary` is where all containers make their temporary files.

    Raises:
        RunFailed: a container failed, or `kfp.local` could not run the pipeline.
    """
    from kfp.local import pipeline_orchestrator

    spec = load(manifest_path)
    message = parsed(as_local_has_it(spec))
    with _folder() as folder, _kept_containers(), _quiet() as log:
        _set_up(folder, parameters, code_dir.resolve(), Path(python), temporary)
        try:
            given = {
                n: text if n == STORE_PARAMETER else escaped(text) for n, text in parameters.items()
            }
            outputs = pipeline_orchestrator.run_local_pipeline(message, given)
        except Exception as error:
            text = f"{_failures(folder)}\n{log.getvalue()}\n{error}"
            raise RunFailed(text, _messages(folder)) from error
        if failures := _failures(folder):
            raise RunFailed(f"{failures}\n{log.getvalue()}", _messages(folder))
        result = outputs.get("result", NO_RESULT)
        return Outcome(
            result=result if isinstance(result, str) else "*" + json.dumps(result),
            logs=[path.read_text(errors="replace") for path in sorted(folder.glob("*.log"))],
        )


def escaped(text: str) -> str:
    """Return the JSON `text` as whoever starts a run must write it.

    Kubeflow, Argo and Kubernetes read `{{` and `$(` in the value of a run's parameter as their own.
    In JSON both stand in texts only, which take escapes.
    """
    return text.replace("{{", r"\u007b\u007b").replace("$", r"\u0024")


def load(manifest_path: Path) -> dict[str, Any]:
    """Return the specification of the pipeline, with the one image that the engine has."""
    spec: dict[str, Any] = next(yaml.safe_load_all(manifest_path.read_text(encoding="utf-8")))
    for executor in spec["deploymentSpec"]["executors"].values():
        executor["container"]["image"] = containers.IMAGE
    return spec


def as_local_has_it(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return `spec` with what `kfp.local` does not do as the backend does said in its own words.

    The backend omits what follows a task that its condition skipped; `kfp.local` starts it, so
    that it gets that condition too. The backend hands an entry like `body.Failed || body` on to
    Argo; `kfp.local` takes it for the name of a task, and knows a strategy with that meaning.
    """
    copy: dict[str, Any] = json.loads(json.dumps(spec))
    for component in (copy["root"], *copy["components"].values()):
        tasks = component.get("dag", {}).get("tasks", {})
        for task in tasks.values():
            before = task.get("dependentTasks", ())
            if any(" || " in entry for entry in before):
                task["dependentTasks"] = [entry.rpartition(" || ")[2] for entry in before]
                task["triggerPolicy"] = {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}
        conditions = {
            n: t["triggerPolicy"]
            for n, t in tasks.items()
            if "condition" in t.get("triggerPolicy", {})
        }
        for task in tasks.values():
            for before in task.get("dependentTasks", ()):
                if before in conditions and "triggerPolicy" not in task:
                    task["triggerPolicy"] = conditions[before]
    return copy


def parsed(spec: Mapping[str, Any]) -> Any:
    """Return the protobuf message of `spec`; unknown fields are errors."""
    from google.protobuf import json_format
    from kfp.pipeline_spec import pipeline_spec_pb2

    return json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())


def _set_up(
    folder: Path,
    parameters: Mapping[str, str],
    code_dir: Path,
    python: Path,
    temporary: Path | None,
) -> None:
    """Set `kfp.local` up for containers that write into `folder` and into the store."""
    from docker.types import Mount, Ulimit
    from kfp import local

    outputs = folder / "outputs"
    outputs.mkdir()
    writable = [str(folder)]
    if store := parameters.get(STORE_PARAMETER, "").removeprefix("file://"):
        Path(store).mkdir(parents=True, exist_ok=True)
        writable.append(store)
    if temporary is not None:
        writable.append(str(temporary))
    variables = {
        "PATH": f"{python.parent}:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        **({} if temporary is None else {"TMPDIR": str(temporary)}),
    }
    written = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
    entry = folder / "entry.sh"
    entry.write_text(_ENTRY.format(variables=written, folder=shlex.quote(str(folder))))
    seen = [*containers.program_folders(python), str(ROOT), str(code_dir)]
    mounts = [Mount(f, f, "bind", read_only=True) for f in containers.outermost(seen)]
    mounts += [Mount(f, f, "bind", read_only=False) for f in containers.outermost(writable)]
    os.environ["DOCKER_HOST"] = containers.engine().host
    runner = local.DockerRunner(
        entrypoint=["/bin/sh", str(entry)],
        mounts=mounts,
        network_mode="none",
        ulimits=[
            Ulimit(name=name, soft=soft, hard=hard)
            for name, (soft, hard) in containers.LIMITS.items()
        ],
        working_dir=str(code_dir),
    )
    local.init(runner, pipeline_root=str(outputs), workspace_root=str(outputs))


def _failed(folder: Path) -> list[Path]:
    """Return the files with the exit codes of the containers that failed."""
    return [path for path in sorted(folder.glob("*.code")) if path.read_text().strip() != "0"]


def _failures(folder: Path) -> str:
    """Return what the containers that failed wrote."""
    return "\n".join(
        f"exit code {path.read_text().strip()}: {path.with_suffix('.log').read_text()}"
        for path in _failed(folder)
    )


def _messages(folder: Path) -> list[str]:
    return [path.with_suffix(".message").read_text() for path in _failed(folder)]


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="headrace-kubeflow-") as name:
        yield Path(name)


@contextlib.contextmanager
def _kept_containers() -> Iterator[None]:
    """Let containers stay until the engine ends.

    `kfp.local` has them remove themselves, asks for them afterwards, and fails, or takes their exit
    code for 0, when they are gone.
    """
    from docker.models.containers import ContainerCollection

    run = ContainerCollection.run

    def run_and_keep(self: Any, *arguments: Any, **options: Any) -> Any:
        return run(self, *arguments, **{**options, "auto_remove": False})

    ContainerCollection.run = run_and_keep
    try:
        yield
    finally:
        ContainerCollection.run = run


@contextlib.contextmanager
def _quiet() -> Iterator[io.StringIO]:
    """Catch what `kfp.local` prints, and undo what it does to the process."""
    log, print_before = io.StringIO(), builtins.print
    host_before = os.environ.get("DOCKER_HOST")
    with contextlib.redirect_stdout(log), warnings.catch_warnings():
        # It says of each resource that a container here does not get it.
        warnings.filterwarnings("ignore", message=r"Task .*: settings \[")
        try:
            yield log
        finally:
            builtins.print = print_before
            os.environ.pop("DOCKER_HOST", None)
            if host_before is not None:
                os.environ["DOCKER_HOST"] = host_before
