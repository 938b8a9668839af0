"""Runs a pipeline on this machine: one event loop, and every step in a process of its own."""

import contextlib
import heapq
import os
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyReference
from headrace.compiler.settings import StepSettings
from headrace.runtime import wire
from headrace.runtime.codecs import Artifacts
from headrace.runtime.errors import StepError
from headrace.runtime.store import open_store
from headrace.targets.local.blocks import BlockRun, Done, Edges, Scope
from headrace.targets.local.logs import last_lines
from headrace.targets.local.progress import Progress
from headrace.targets.local.record import RunFolder, RunRecord, StepRecord
from headrace.targets.local.signals import signals_interrupt, uninterrupted
from headrace.targets.local.workers import Workers, WorkersGone
from headrace.targets.step_command import step_arguments

_NEVER_RETRIED = (64, 65)
"""Exit codes of the shim for a wrong command and for bad data: another attempt changes nothing."""

_FOLLOWED_EVERY = 0.2
"""Seconds after which the logs of running steps are looked at again."""


@dataclass(frozen=True)
class RunOutcome:
    """What became of a run.

    `result` is the returned value as JSON has it (`wire.plain`), with the `path` of each artifact.
    `steps` are those that were to be started, in that order; `message` says in one line why the run
    failed.
    """

    state: Literal["succeeded", "failed"]
    result: Any
    run: str
    steps: list[dict[str, Any]]
    message: str = ""


@dataclass
class _Attempt:
    """An attempt at step `number`: running, or waiting for a free worker."""

    node: ir.Call | ir.Compute
    scope: Scope
    done: Done
    record: StepRecord
    number: int
    folder: Path = Path()
    timed_out: bool = False

    @property
    def log(self) -> Path:
        """What the step writes."""
        return self.folder / "log"

    @property
    def message(self) -> Path:
        """What the step says last when it fails, in one line."""
        return self.folder / "message"

    def output(self, name: str) -> Path:
        """Return where the step writes its output `name`."""
        return self.folder / "outputs" / name


def run_pipeline(
    pipeline: ir.Pipeline,
    *,
    parameters: Mapping[str, str],
    import_path: Sequence[Path],
    project_folder: Path,
    jobs: int | None = None,
    progress: bool = True,
) -> RunOutcome:
    """Run `pipeline` to its end, and return what became of it.

    Args:
        pipeline: the IR after all passes.
        parameters: the JSON of the parameters that differ from their defaults.
        import_path: the folders that the steps' modules are imported from.
        project_folder: where the folder `.headrace` of runs and artifacts stands.
        jobs: how many steps run at once; by default as many as there are processors.
        progress: whether to tell on standard error what happens.

    Raises:
        KeyboardInterrupt: Ctrl-C, SIGTERM or SIGHUP interrupted the run; no process of it is left.
        OSError: the folder of the run cannot be written to.
    """
    folder = RunFolder(project_folder)
    told = Progress(progress)
    runner = _Runner(pipeline, parameters, import_path, folder, jobs or os.cpu_count() or 1, told)
    return runner.run()


class _Runner:
    """One run. It is the `StepRunner` of its blocks."""

    def __init__(
        self,
        pipeline: ir.Pipeline,
        parameters: Mapping[str, str],
        import_path: Sequence[Path],
        folder: RunFolder,
        jobs: int,
        progress: Progress,
    ) -> None:
        self._pipeline = pipeline
        self._import_path = [str(path.resolve()) for path in import_path]
        self._folder = folder
        # A configured store may be a folder that only containers have.
        self._store = str(folder.store)
        self._free = jobs
        self._progress = progress
        self._actions: deque[Callable[[], None]] = deque()
        self._queue: deque[_Attempt] = deque()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._running: dict[str, _Attempt] = {}
        self._requests = 0
        self._failed: list[_Attempt] = []
        self._finished: bool | None = None
        self._parameters = {p.name: p.default.text for p in pipeline.parameters if p.default}
        self._parameters.update(parameters)
        self._record = RunRecord(
            run=folder.run,
            pipeline=pipeline.function,
            code=pipeline.code.digest,
            parameters=self._parameters,
            started=folder.started.isoformat(),
        )

    def run(self) -> RunOutcome:
        self._folder.write(self._record)
        scope = Scope()
        for name, text in self._parameters.items():
            scope[ir.Param(name=name)] = text
        with signals_interrupt():
            try:
                self._run(scope)
            except KeyboardInterrupt:
                self._finished = False
                self._record.message = "interrupted"
                raise
            except WorkersGone:
                self._record.message = "the process that starts the steps has ended"
            finally:
                with uninterrupted():
                    try:
                        self._progress.close()
                    finally:  # the terminal may be gone
                        self._end(scope)
        self._progress.failures([(attempt.record, attempt.log) for attempt in self._failed])
        return RunOutcome(
            state="succeeded" if self._finished else "failed",
            result=self._record.result,
            run=self._record.run,
            steps=[step.public() for step in self._record.steps],
            message=self._record.message,
        )

    def _run(self, scope: Scope) -> None:
        self._workers = Workers()
        try:
            BlockRun(self, Edges(self._pipeline.body), scope, self._finish).start()
            self._loop()
        finally:
            with uninterrupted():
                self._workers.close()

    def _end(self, scope: Scope) -> None:
        self._failed.sort(key=lambda attempt: attempt.number)
        for step in self._record.steps:
            if step.state in ("running", "waiting"):
                step.state = "stopped"
        if self._finished:
            self._read_result(scope)
        elif self._failed and not self._record.message:
            first, others = self._failed[0].record, len(self._failed) - 1
            more = f" (and {others} more failed)" if others else ""
            self._record.message = f"{first.id}: {first.message}{more}"
        self._record.state = "succeeded" if self._finished else "failed"
        self._record.ended = datetime.now(UTC).isoformat()
        self._folder.write(self._record)

    def _read_result(self, scope: Scope) -> None:
        result = self._pipeline.result
        assert not isinstance(result, ir.Glue)
        try:
            artifacts = Artifacts(open_store(self._store), self._folder.result)
            self._record.result = wire.plain(scope[result], artifacts, artifacts.export)
        except StepError as error:
            self._finished = False
            self._record.message = f"the result cannot be read: {error}"

    def _finish(self, succeeded: bool) -> None:
        self._finished = succeeded

    # --- the event loop --------------------------------------------------------------------------

    def later(self, action: Callable[[], None]) -> None:
        """Call `action` from the event loop."""
        self._actions.append(action)

    def _loop(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._workers.socket, selectors.EVENT_READ)
            while True:
                while self._actions:
                    self._actions.popleft()()
                if self._finished is not None:
                    return
                if selector.select(self._patience()):
                    for reply in self._workers.receive():
                        self._ended(reply)
                elif self._progress.enabled:
                    self._progress.follow()
                while self._timers and self._timers[0][0] <= time.monotonic():
                    self.later(heapq.heappop(self._timers)[2])

    def _patience(self) -> float | None:
        waits = [max(0.0, self._timers[0][0] - time.monotonic())] if self._timers else []
        if self._progress.enabled and self._running:
            waits.append(_FOLLOWED_EVERY)
        return min(waits, default=None)

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        self._requests += 1
        heapq.heappush(self._timers, (time.monotonic() + seconds, self._requests, action))

    # --- steps -----------------------------------------------------------------------------------

    def start(self, node: ir.Call | ir.Compute, scope: Scope, done: Done) -> None:
        """Start `node` as soon as a worker is free."""
        function = node.function if isinstance(node, ir.Call) else "compute"
        record = StepRecord(f"{scope.place}{node.id}", function, str(node.span))
        self._record.steps.append(record)
        self._enqueue(_Attempt(node, scope, done, record, len(self._record.steps)))

    def _enqueue(self, attempt: _Attempt) -> None:
        self._queue.append(attempt)
        self._fill()

    def _fill(self) -> None:
        while self._free and self._queue:
            self._free -= 1
            self._launch(self._queue.popleft())

    def _launch(self, attempt: _Attempt) -> None:
        record, node = attempt.record, attempt.node
        record.attempts += 1
        record.state = "running"
        record.started = datetime.now(UTC).isoformat()
        attempt.timed_out = False
        attempt.folder = self._folder.step(record.id, record.attempts)
        attempt.message.touch()
        self._requests += 1
        request = str(self._requests)
        self._running[request] = attempt
        modules = [] if isinstance(node, ir.Compute) else [node.function.partition(":")[0]]
        first = self._pipeline.code.imported_first
        modules = [first, *modules] if first and modules else modules
        self._workers.send(
            {
                "id": request,
                "argv": self._arguments(attempt),
                "cwd": str(attempt.folder / "work"),
                "log": str(attempt.log),
                "env": {
                    **self._variables(node.settings),
                    "HEADRACE_TERMINATION_LOG": str(attempt.message),
                },
                "modules": modules,
                "path": self._import_path,
            }
        )
        self._progress.started(record, attempt.log)
        if node.settings.timeout is not None:
            self._after(node.settings.timeout, lambda: self._time_out(request))

    def _variables(self, settings: StepSettings) -> dict[str, str]:
        """Return the variables of a step but those for the configured store, which is not used."""
        left_out = self._pipeline.settings.store_access.env
        return {name: v for name, v in settings.env.items() if left_out.get(name) != v}

    def _arguments(self, attempt: _Attempt) -> list[str]:
        node, code = attempt.node, self._pipeline.code

        def spell(reference: AnyReference) -> str:
            return attempt.scope[reference]

        paths = {output.name: str(attempt.output(output.name)) for output in node.outputs}
        return [
            f"--code={code.digest}",
            f"--modules={','.join(code.modules)}",
            f"--import={code.imported_first or ''}",
            f"--store={self._store}",
            "--unlimited",
            *step_arguments(node, spell, paths),
        ]

    def _time_out(self, request: str) -> None:
        attempt = self._running.get(request)
        if attempt is not None:
            attempt.timed_out = True
            self._workers.send({"kill": request})

    def _ended(self, reply: dict[str, Any]) -> None:
        attempt = self._running.pop(reply["id"])
        record = attempt.record
        self._free += 1
        record.seconds, record.peak_bytes = reply["seconds"], reply["peak_bytes"]
        record.message = self._why_failed(attempt, reply["code"])
        if not record.message:
            record.state = "succeeded"
            attempt.message.unlink(missing_ok=True)
            self._progress.ended(record)
            attempt.done(True)
        elif self._may_retry(attempt, reply["code"]):
            record.state = "waiting"
            delay = self._delay(attempt)
            self._progress.ended(record, next_attempt=delay)
            self._after(delay, lambda: self._enqueue(attempt))
        else:
            record.state = "failed"
            self._progress.ended(record)
            self._failed.append(attempt)
            attempt.done(False)
        self._fill()

    def _why_failed(self, attempt: _Attempt, code: int) -> str:
        """Return in one line why the attempt failed; nothing if it did not: its outputs are bound.

        What the shim has not said itself is added to the log.
        """
        said = _first_line(attempt.message)
        said = said.removeprefix(f"headrace: step {attempt.node.id}: ").removeprefix("headrace: ")
        if attempt.timed_out:
            why = f"stopped: it ran longer than {attempt.node.settings.timeout} s"
        elif code == 0:
            why = self._bind_outputs(attempt)
        elif said:
            return said
        elif code < 0:
            why = f"ended by signal {-code} ({signal.strsignal(-code)})"
        else:
            return next(iter(last_lines(attempt.log, 1)), "") or f"exit code {code}"
        if why:
            with attempt.log.open("a") as log:
                log.write(f"headrace: step {attempt.record.id}: {why}\n")
        return why

    def _bind_outputs(self, attempt: _Attempt) -> str:
        """Bind the outputs of a step that says it succeeded; return what is wrong with them."""
        try:
            for output in attempt.node.outputs:
                text = attempt.output(output.name).read_text("ascii")
                attempt.scope[ir.Output(node=attempt.node.id, name=output.name)] = text
        except FileNotFoundError:
            return f"ended without its output {output.name!r}: did it end the process itself?"
        return ""

    def _may_retry(self, attempt: _Attempt, code: int) -> bool:
        retries = attempt.node.settings.retries
        return code not in _NEVER_RETRIED and attempt.record.attempts <= retries.limit

    def _delay(self, attempt: _Attempt) -> float:
        retries = attempt.node.settings.retries
        delay = float(retries.delay * retries.factor ** (attempt.record.attempts - 1))
        return delay if retries.max_delay is None else min(delay, retries.max_delay)


def _first_line(path: Path) -> str:
    with contextlib.suppress(OSError), path.open(encoding="utf-8", errors="replace") as file:
        return file.readline().strip()
    return ""
