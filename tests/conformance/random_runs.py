"""Runs of one random pipeline, with failures, by CPython and by each engine or its model."""

import random
import tempfile
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import airflow_local
from conformance import argo_execution, kubeflow_execution, suite
from conformance.outcomes import Bench
from conformance.random_failures import LOST_AS, Failures, Lost
from conformance.random_pipelines import RandomPipeline
from conformance.steps_here import RunStep, StepFailed, run_step
from conformance.suite import Outcome
from headrace.compiler import driver
from headrace.compiler.diagnostics import Sink
from headrace.compiler.target import ManifestFile
from headrace.runtime import wire
from headrace.runtime.codecs import Artifacts
from headrace.runtime.command_line import parse
from headrace.runtime.store import open_store
from headrace.targets.airflow.emit import STORE_PARAMETER as AIRFLOW_STORE
from headrace.targets.local import run_pipeline
from models.argo.nodes import Node
from models.argo.processes import STORE_PARAMETER
from models.argo.runs import Document

Arguments: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Ran:
    """How a run ended, and the effects of its steps, in order."""

    outcome: Outcome
    effects: tuple[str, ...]


class EngineBench:
    """A folder with one pipeline and its failures, which are real ones with `killing`."""

    def __init__(
        self, folder: Path, pipeline: RandomPipeline, failures: Failures, *, killing: bool = False
    ) -> None:
        """Write the module and compile it."""
        text = failures.module(pipeline.text, killing=killing)
        self._failures = failures
        self._random = random.Random(pipeline.text)
        self._bench = Bench(folder, text, pipeline.pipelines)
        configuration = folder / "headrace.toml"
        listed = configuration.read_text() if configuration.exists() else ""
        configuration.write_text(f'image = "{suite.IMAGE}"\n{listed}{failures.settings}')
        self.compilation = driver.compile_source(self._bench.file)

    def on(self, engine: str) -> Callable[[Arguments], Ran] | None:
        """Return what runs the pipeline on an engine; nothing where that refuses the pipeline."""
        if engine == "local":
            return self.by_local_run
        files = self._manifest(engine)
        if not files:
            return None
        if engine == "airflow":
            return partial(self.by_airflow, files[0])
        documents = argo_execution.read(files)
        return partial(self.by_argo if engine == "argo" else self.by_kubeflow, documents)

    def _manifest(self, target: str) -> tuple[ManifestFile, ...]:
        own = replace(self.compilation, diagnostics=Sink())
        return driver.emit(own, [target]).get(target, ())

    def by_python(self, arguments: Arguments) -> Ran:
        """Call the pipeline as a function."""
        with self._bench.imported() as module:
            self._failures.patch(module)
            try:
                result = wire.plain(wire.encode(module.pipeline(**arguments)))
                outcome = suite.succeeded(result)
            except (Exception, SystemExit, Lost) as error:
                lines = traceback.format_exception_only(type(error), error)
                outcome = suite.failed("".join(lines).strip().split("\n")[0])
        return Ran(outcome, self._effects())

    def by_argo(self, documents: list[Document], arguments: Arguments) -> Ran:
        """Run the manifest in the model of Argo's controller."""
        folder = self._new_folder()
        store = (folder / "store").as_uri()
        run_pod = argo_execution.steps_here(self._steps(folder), folder)
        parameters = {STORE_PARAMETER: store, **self._texts(arguments)}
        outcome = argo_execution.outcome_of(documents, parameters, run_pod, store, self._some)
        return Ran(outcome, self._effects())

    def by_kubeflow(self, documents: list[Document], arguments: Arguments) -> Ran:
        """Run the manifest in the model of Kubeflow's backend."""
        folder = self._new_folder()
        texts, steps = self._texts(arguments), self._steps(folder)
        outcome = kubeflow_execution.outcome_of(documents[0], texts, steps, folder)
        return Ran(outcome, self._effects())

    def by_airflow(self, file: ManifestFile, arguments: Arguments) -> Ran:
        """Run the DAG file with `dag.test()`, its pods as processes."""
        folder = self._new_folder()
        dag_file = folder / file.name
        dag_file.write_text(file.text, encoding="utf-8")
        store = (folder / "store").as_uri()
        texts = {AIRFLOW_STORE: store, **self._texts(arguments)}
        done = airflow_local.run(dag_file, texts, self._bench.folder, temporary=folder)
        if done.state == "success" and done.result is not None:
            result = wire.plain(done.result, Artifacts(open_store(store), lambda: ""))
            return Ran(suite.succeeded(result), self._effects())
        assert done.state == "failed", done.log
        said = "\n".join(pod["message"] for pod in done.pods if pod["exit_code"])
        return Ran(suite.failed(said), self._effects())

    def by_local_run(self, arguments: Arguments) -> Ran:
        """Run the pipeline locally, every step in a process of its own."""
        assert self.compilation.pipeline is not None
        self._new_folder()
        done = run_pipeline(
            self.compilation.pipeline,
            parameters=self._texts(arguments),
            import_path=self.compilation.import_path,
            project_folder=self.compilation.project_folder,
            progress=False,
        )
        if done.state == "succeeded":
            return Ran(suite.succeeded(done.result), self._effects())
        return Ran(suite.failed(done.message), self._effects())

    def _some(self, pods: list[Node]) -> list[Node]:
        """Return some of the pods, in any order: others go on for longer."""
        return self._random.sample(pods, self._random.randint(1, len(pods)))

    def _steps(self, folder: Path) -> RunStep:
        """Return what runs a step in this process, unless it is lost."""

        def run_here(arguments: list[str], variables: Mapping[str, str], attempt: int) -> None:
            function = (parse(arguments).function or "").partition(":")[2]
            flaky = function in self._failures.flaky and attempt == 0
            if flaky or function in self._failures.lost:
                raise StepFailed("", LOST_AS)
            run_step(arguments, variables, self._bench.folder, folder)

        return run_here

    def _texts(self, arguments: Arguments) -> dict[str, str]:
        return {name: wire.encode(value) for name, value in arguments.items()}

    def _new_folder(self) -> Path:
        for attempted in self._bench.folder.glob("work.py-*"):
            attempted.unlink()
        return Path(tempfile.mkdtemp(prefix="run-", dir=self._bench.folder))

    def _effects(self) -> tuple[str, ...]:
        return self._bench.effects()
