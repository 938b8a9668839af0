"""What the commands need of an engine: to start a run of a pipeline there, and to tell of runs.

The commands know nothing of any engine: `registry.connect` gives a client of the one that is named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from headrace.compiler.target import ManifestFile

State = Literal["waiting", "running", "succeeded", "failed", "stopped"]
"""What a run or a step is in; only a step is `stopped`, by the end of its run."""


class EngineError(Exception):
    """An engine that cannot be reached, or that refuses; `hint` says what to do.

    `passing` tells that the next attempt may well succeed, since nothing was wrong with what was
    asked.
    """

    def __init__(self, message: str, hint: str = "", *, passing: bool = False) -> None:
        """Keep what went wrong, without a full stop, and the way out."""
        super().__init__(message)
        self.hint = hint
        self.passing = passing


@dataclass(frozen=True)
class Connection:
    """Where an engine is. What is None is found as its own tools find it."""

    server: str | None = None
    """The URL of the engine's own server."""
    context: str | None = None
    """A context of the kubeconfig."""
    namespace: str | None = None
    """The namespace of Kubernetes, or of a Kubeflow profile."""


@dataclass(frozen=True)
class Submission:
    """A run to be started: the manifest of a pipeline, and the wire texts of its parameters."""

    pipeline: str
    """The name of the pipeline on the engine."""
    files: Sequence[ManifestFile]
    parameters: Mapping[str, str]
    store: str | None = None
    """The URL of the store for this run; None for that of the manifest."""
    folder: str | None = None
    """The folder that the engine reads manifests from, where it has one."""


@dataclass(frozen=True)
class Step:
    """What became of a step that has been started, or is about to be.

    `attempts` are the engine's own names of the attempts, in their order; `source` is `path:line`,
    of several places where steps share a template; `seconds` are those of all attempts together,
    with what the engine needed for them.
    """

    id: str
    function: str
    source: str
    state: State
    attempts: tuple[str, ...] = ()
    seconds: float = 0.0
    message: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state not in ("waiting", "running")

    def public(self) -> dict[str, object]:
        """Return what a machine is told of the step: what it is told of one that runs locally."""
        return {
            "id": self.id,
            "function": self.function,
            "state": self.state,
            "attempts": len(self.attempts),
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True)
class Run:
    """What became of a run so far; `steps` stand in the order in which they were started.

    `message` says why it failed, or what it waits for.
    """

    name: str
    pipeline: str
    state: State
    started: datetime | None = None
    ended: datetime | None = None
    message: str = ""
    steps: tuple[Step, ...] = field(default=())

    @property
    def has_ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state not in ("waiting", "running")


@dataclass(frozen=True)
class Returned:
    """What a run returned: its text on the wire, and the URL of the store it refers to, if any."""

    text: str
    store: str


class StepLog(Protocol):
    """What one attempt at a step writes."""

    def next_lines(self) -> list[str]:
        """Return the lines that were not given out yet.

        Raises:
            EngineError: they cannot be had.
        """


class EngineClient(Protocol):
    """Speaks with one engine. Every method may raise `EngineError`."""

    def submit(self, submission: Submission) -> str:
        """Start a run, and return its name on the engine."""

    def status(self, run: str) -> Run:
        """Return what became of `run` so far, with its steps."""

    def result(self, run: str) -> Returned:
        """Return what `run`, which has succeeded, returned."""

    def log(self, run: str, step: Step, attempt: str) -> StepLog:
        """Return the log of an `attempt` at a step of `run`."""

    def cancel(self, run: str) -> None:
        """Stop `run`: no step of it is started any more, and those that run are ended."""

    def runs(self, limit: int) -> Sequence[Run]:
        """Return the newest runs of pipelines that were compiled by headrace, the newest first.

        There are at most `limit`; their steps are left out.
        """


def why_failed(steps: Sequence[Step], otherwise: str) -> str:
    """Return in one line why a run of `steps` failed, as a local run says it."""
    failed = [step for step in steps if step.state == "failed"]
    if not failed:
        return otherwise
    more = f" (and {len(failed) - 1} more failed)" if len(failed) > 1 else ""
    return f"{failed[0].id}: {failed[0].message or 'failed'}{more}"
