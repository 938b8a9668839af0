"""The record of a run, in a folder of its own below `.headrace/`."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FOLDER = ".headrace"
"""The folder of a project in which runs and the local store are kept."""


@dataclass
class StepRecord:
    """What became of one step.

    `started`, `seconds` and `peak_bytes` (of memory) are those of its last attempt; `message` says
    why that failed, in one line.
    """

    id: str
    function: str
    source: str
    state: str = "waiting"
    attempts: int = 0
    started: str | None = None
    seconds: float = 0.0
    peak_bytes: int = 0
    message: str = ""

    def public(self) -> dict[str, Any]:
        """Return what a machine is told of the step."""
        return {
            "id": self.id,
            "function": self.function,
            "state": self.state,
            "attempts": self.attempts,
            "seconds": round(self.seconds, 3),
        }


@dataclass
class RunRecord:
    """What became of one run."""

    run: str
    pipeline: str
    code: str
    parameters: Mapping[str, str]
    started: str
    state: str = "running"
    message: str = ""
    result: Any = None
    ended: str | None = None
    steps: list[StepRecord] = field(default_factory=list)


class RunFolder:
    """The folder of a new run."""

    def __init__(self, project_folder: Path) -> None:
        """Make the folder of a new run below `project_folder`."""
        self.root = project_folder.resolve() / FOLDER
        self.started = datetime.now(UTC)
        self.run = f"{self.started:%Y%m%d-%H%M%S}-{os.urandom(3).hex()}"
        self.path = self.root / "runs" / self.run
        self.path.mkdir(parents=True)
        ignore = self.root / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")

    @property
    def store(self) -> Path:
        """The store that all local runs of a project share."""
        return self.root / "store"

    def step(self, name: str, attempt: int) -> Path:
        """Make and return the folder of an attempt at the step called `name`."""
        folder = self.path / "steps" / name
        if attempt > 1:
            folder = folder / f"attempt-{attempt}"
        (folder / "work").mkdir(parents=True)
        return folder

    def result(self) -> str:
        """Make and return the folder for the files of the pipeline's result."""
        folder = self.path / "result"
        folder.mkdir(exist_ok=True)
        return str(folder)

    def write(self, record: RunRecord) -> None:
        """Write `record`, so that nobody ever reads a part of it."""
        temporary = self.path / "run.json.new"
        temporary.write_text(_json(asdict(record)) + "\n")
        temporary.replace(self.path / "run.json")


def _json(value: object) -> str:
    """Return the JSON of `value`, in which integers may have any number of digits."""
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        return json.dumps(value, indent=2)
    finally:
        sys.set_int_max_str_digits(limit)
