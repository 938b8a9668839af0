"""Runs Kubeflow manifests: containers by `kfp.local`, in the order that the backend would take.

The orchestrator of `kfp.local` knows neither conditions nor `valueFromOneof` as the backend has
them, so that `run` takes the model of the backend for the order, and the Docker runner of
`kfp.local` for each container: its placeholders, its reading of outputs. `run_in_kfp` leaves all of
it to `kfp.local`. Both need the environment `.venvs/kubeflow`.
"""

import contextlib
import io
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

import containers
from kubeflow_model import Model, Values

ROOT = Path(__file__).resolve().parent.parent
STORE_PARAMETER = "headrace-store"
NO_RESULT = "null"

# The exit code goes to a file: kfp.local takes a container that is gone at once for a success.
_ENTRY = '"$@" >"$HEADRACE_TEST_FOLDER/log" 2>&1; echo $? >"$HEADRACE_TEST_FOLDER/code"'


class StepFailed(Exception):
    """A container ended with an exit code other than 0; the text has what it wrote."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended: the text of its result, and the components whose containers ran."""

    result: str
    ran: list[str] = field(default_factory=list)


def run(
    manifest_path: Path,
    parameters: Mapping[str, str],
    code_dir: Path,
    python: str | Path = sys.executable,
) -> Outcome:
    """Run the pipeline in `manifest_path` once.

    Containers run the `headrace-step` beside the interpreter `python`, in the folder `code_dir`;
    `parameters` are the run's JSON texts by name.

    Raises:
        StepFailed: a container failed.
        Stuck: the backend would refuse or fail the run.
    """
    spec = load(manifest_path)
    message = parsed(spec)
    with _Local(spec, parameters, code_dir, python) as local:

        def container(component: str, inputs: Values) -> Values:
            return local.container(message, component, inputs)

        model = Model(spec, container)
        result = model.run(**parameters)
        return Outcome(result=NO_RESULT if result is None else result, ran=model.ran)


def run_in_kfp(
    manifest_path: Path,
    parameters: Mapping[str, str],
    code_dir: Path,
    python: str | Path = sys.executable,
) -> Outcome:
    """Run the pipeline in `manifest_path`, which has no branch, in the orchestrator of `kfp.local`.

    It takes its orchestrator of loops for pipelines only that have one in their root, so that this
    names it.
    """
    from kfp.local import executor_input_utils, placeholder_utils, status, utils
    from kfp.local.orchestrator import enhanced_dag_orchestrator

    spec = load(manifest_path)
    message = parsed(spec)
    with _Local(spec, parameters, code_dir, python) as local:
        given = local.start({"HEADRACE_STORE": parameters.get(STORE_PARAMETER, "")})
        name = executor_input_utils.get_local_pipeline_resource_name(message.pipeline_info.name)
        executors = message.deployment_spec["executors"]
        with _quiet() as log:
            outputs, state = enhanced_dag_orchestrator.run_enhanced_dag(
                pipeline_resource_name=name,
                dag_component_spec=message.root,
                executors={n: utils.struct_to_executor_spec(e) for n, e in executors.items()},
                components=dict(message.components.items()),
                dag_arguments=dict(parameters),
                pipeline_root=str(local.outputs),
                runner=given,
                unique_pipeline_id=placeholder_utils.make_random_id(),
                fail_stack=[],
            )
        if state is not status.Status.SUCCESS:
            raise StepFailed(f"{local.log()}\n{log.getvalue()}")
        result = outputs.get("result", NO_RESULT)
        return Outcome(result if isinstance(result, str) else "*" + json.dumps(result))


def load(manifest_path: Path) -> dict[str, Any]:
    """Return the specification of the pipeline, with the one image that the engine has."""
    spec: dict[str, Any] = next(yaml.safe_load_all(manifest_path.read_text(encoding="utf-8")))
    for executor in spec["deploymentSpec"]["executors"].values():
        executor["container"]["image"] = containers.IMAGE
    return spec


def parsed(spec: Mapping[str, Any]) -> Any:
    """Return the protobuf message of `spec`; unknown fields are errors."""
    from google.protobuf import json_format
    from kfp.pipeline_spec import pipeline_spec_pb2

    return json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())


class _Local:
    """What containers of one run need: folders, mounts, and `kfp.local` set up for them."""

    def __init__(
        self,
        spec: Mapping[str, Any],
        parameters: Mapping[str, str],
        code_dir: Path,
        python: str | Path,
    ) -> None:
        self._executors = spec["deploymentSpec"]["executors"]
        self._components = spec["components"]
        self._code_dir = code_dir.resolve()
        self._python = Path(python)
        self._folder = tempfile.TemporaryDirectory(prefix="headrace-kubeflow-")
        self.outputs = Path(self._folder.name) / "outputs"
        self.outputs.mkdir()
        self._writable = [self._folder.name]
        store = parameters.get(STORE_PARAMETER, "").removeprefix("file://")
        if store:
            Path(store).mkdir(parents=True, exist_ok=True)
            self._writable.append(store)
        self._count = 0

    def __enter__(self) -> "_Local":
        self._docker_host = os.environ.get("DOCKER_HOST")
        os.environ["DOCKER_HOST"] = containers.engine().host
        return self

    def __exit__(self, *_: object) -> None:
        if self._docker_host is None:
            del os.environ["DOCKER_HOST"]
        else:
            os.environ["DOCKER_HOST"] = self._docker_host
        self._folder.cleanup()

    def start(self, variables: Mapping[str, str]) -> Any:
        """Set `kfp.local` up for containers with `variables`; return its runner."""
        from docker.types import Mount, Ulimit
        from kfp import local

        read_only = containers.outermost(
            [*containers.program_folders(self._python), str(ROOT), str(self._code_dir)]
        )
        mounts = [Mount(f, f, type="bind", read_only=True) for f in read_only]
        mounts += [Mount(f, f, type="bind", read_only=False) for f in self._writable]
        path = f"{self._python.parent}:/usr/bin:/bin"
        constants = next(iter(self._executors.values()))["container"]["env"]
        runner = local.DockerRunner(
            entrypoint=["/bin/sh", "-c", _ENTRY, "sh"],
            environment={
                "PATH": path,
                "PYTHONDONTWRITEBYTECODE": "1",
                "OMP_NUM_THREADS": "1",
                "OPENBLAS_NUM_THREADS": "1",
                "HEADRACE_TEST_FOLDER": self._folder.name,
                **{v["name"]: v["value"] for v in constants if v["name"].startswith("HEADRACE_")},
                **variables,
            },
            mounts=mounts,
            network_mode="none",
            ulimits=[
                Ulimit(name="nofile", soft=containers.FILES[0], hard=containers.FILES[1]),
                Ulimit(name="nproc", soft=containers.PROCESSES[0], hard=containers.PROCESSES[1]),
            ],
            working_dir=str(self._code_dir),
        )
        local.init(
            runner, pipeline_root=str(self.outputs), workspace_root=str(Path(self._folder.name))
        )
        return runner

    def container(self, message: Any, component: str, inputs: Values) -> Values:
        """Run one container as `kfp.local` runs it, with the variables of its executor."""
        from kfp.local import placeholder_utils, task_dispatcher, utils

        label = self._components[component]["executorLabel"]
        variables = {
            v["name"]: v["value"].replace("$$", "$")
            for v in self._executors[label]["container"]["env"]
        }
        self._count += 1
        with _quiet() as log:
            outputs, _ = task_dispatcher.run_single_task_implementation(
                pipeline_resource_name=f"run-{self._count}",
                component_name=component,
                component_spec=message.components[component],
                executor_spec=utils.struct_to_executor_spec(
                    message.deployment_spec["executors"][label]
                ),
                arguments=dict(inputs),
                pipeline_root=str(self.outputs),
                runner=self.start(variables),
                raise_on_error=False,
                block_input_artifact=True,
                unique_pipeline_id=placeholder_utils.make_random_id(),
            )
        code = Path(self._folder.name) / "code"
        if not code.exists() or code.read_text().strip() != "0":
            raise StepFailed(f"{component}: {self.log()}\n{log.getvalue()}")
        code.unlink()
        found: Values = outputs
        return found

    def log(self) -> str:
        """Return what the last container wrote."""
        log = Path(self._folder.name) / "log"
        return log.read_text(errors="replace") if log.exists() else "the container did not start"


@contextlib.contextmanager
def _quiet() -> Iterator[io.StringIO]:
    """Catch what `kfp.local` prints about each container."""
    log = io.StringIO()
    with contextlib.redirect_stdout(log):
        yield log
