"""What becomes of one run of a pipeline: by CPython, by its IR in this process, by a local run."""

import importlib.util
import json
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.compiler.driver import Compilation
from headrace.runtime import wire
from headrace.targets.local import run_pipeline
from ir_execution import Execution

MODULE = "work"


@dataclass(frozen=True)
class Outcome:
    """`result` is a repr; `error` is the exception's class and the first line of its text.

    `effects` are what the steps logged, in order.
    """

    result: str
    error: str
    effects: tuple[str, ...]


class Bench:
    """A folder with one pipeline module, named `work`, for runs that are compared."""

    def __init__(self, folder: Path, source: str, pipelines: tuple[str, ...] = ()) -> None:
        """Write the module; `pipelines` are listed in the configuration."""
        self.folder = folder
        self.file = folder / f"{MODULE}.py"
        self.file.write_text(source, encoding="utf-8")
        if pipelines:
            listed = ", ".join(f'"{name}"' for name in pipelines)
            (folder / "headrace.toml").write_text(f"pipelines = [{listed}]\n")

    @contextmanager
    def imported(self) -> Iterator[Any]:
        """Give the module, which is `sys.modules["work"]` inside."""
        spec = importlib.util.spec_from_file_location(MODULE, self.file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        path = list(sys.path)
        sys.modules[MODULE] = module
        try:
            spec.loader.exec_module(module)
            yield module
        finally:
            del sys.modules[MODULE]
            sys.path[:] = path

    def by_python(self, module: Any, arguments: Mapping[str, object]) -> tuple[Outcome, object]:
        """Call the pipeline as a function; return what it returned too."""
        returned: list[object] = []

        def run() -> object:
            returned.append(module.pipeline(**arguments))
            return returned[0]

        outcome = self._outcome(run)
        return outcome, returned[0] if returned else None

    def by_ir(self, compilation: Compilation, arguments: Mapping[str, object]) -> Outcome:
        """Execute the IR in this process."""
        pipeline = compilation.pipeline
        assert pipeline is not None
        return self._outcome(lambda: Execution(pipeline, self.folder, **arguments).result)

    def by_local_run(self, compilation: Compilation, arguments: Mapping[str, object]) -> Outcome:
        """Run the pipeline locally, every step in a process of its own.

        `error` is what all failed steps say, a line each; `result` is the repr of its JSON.
        """
        assert compilation.pipeline is not None
        outcome = run_pipeline(
            compilation.pipeline,
            parameters={name: wire.encode(value) for name, value in arguments.items()},
            import_path=compilation.import_path,
            project_folder=compilation.project_folder,
            progress=False,
        )
        effects = self.effects()
        if outcome.state == "succeeded":
            return Outcome(repr(outcome.result), "", effects)
        record = self.folder / ".headrace" / "runs" / outcome.run / "run.json"
        steps = json.loads(record.read_text())["steps"]
        said = [step["message"] for step in steps if step["state"] == "failed"]
        return Outcome("", "\n".join(said) or outcome.message, effects)

    def _outcome(self, run: Callable[[], object]) -> Outcome:
        result = error = ""
        try:
            result = repr(run())
        except Exception as raised:
            lines = traceback.format_exception_only(type(raised), raised)
            error = "".join(lines).strip().split("\n")[0]
        return Outcome(result, error, self.effects())

    def effects(self) -> tuple[str, ...]:
        """Return what steps have logged since this was asked last."""
        log = self.folder / "log.txt"
        lines = log.read_text("ascii").splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return tuple(lines)


def as_json(result: object) -> str:
    """Return the repr of the JSON that a local run shows for `result`."""
    return repr(wire.plain(wire.encode(result)))
