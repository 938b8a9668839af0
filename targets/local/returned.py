"""Reads on this machine what a run on an engine returned."""

import functools
import re
import shutil
from pathlib import Path
from typing import Any

from headrace.compiler.engine import EngineError, Returned
from headrace.runtime import wire
from headrace.runtime.codecs import Artifacts
from headrace.runtime.errors import ManifestError, StepError
from headrace.runtime.store import open_store
from headrace.targets.local.record import FOLDER


def read_returned(returned: Returned, run: str, store: str | None = None) -> Any:
    """Return what the run called `run` returned as JSON has it (`wire.plain`).

    What it refers to is read from `store`, or from the store that the run had. Files are copied to
    a folder of the run below `.headrace`, here; without their store they are only described.

    Raises:
        EngineError: a part of the value is in a store that this machine does not have.
    """
    url = returned.store if store is None else store
    try:
        folder = functools.cache(lambda: _new_folder(run))
        artifacts = Artifacts(open_store(url), folder) if url else _NoArtifacts()
        try:
            return wire.plain(returned.text, artifacts, artifacts.export)
        except StepError:
            return wire.plain(returned.text, artifacts)
    except StepError as error:
        hint = "mount the store of the run on this machine, and name it with --store"
        if "://" in url and not url.startswith("file:"):
            hint = 'pip install "headrace[store]", and set the variables that lead to the bucket'
        raise EngineError(f"the result of {run} cannot be read here: {error}", hint) from None


class _NoArtifacts(Artifacts):
    """Stands for the artifacts of a run that names no store."""

    def __init__(self) -> None:
        pass

    def export(self, reference: dict[str, Any]) -> str:
        raise ManifestError("the run names no store")

    def load_text(self, reference: dict[str, Any]) -> str:
        raise ManifestError("a part of it is in a store, and the run names none")


def _new_folder(run: str) -> str:
    name = re.sub(r"[^A-Za-z0-9._+-]+", "-", run)
    path = Path.cwd() / FOLDER / "runs" / name / "result"
    # What was read before is read again, so that each path holds what the store has.
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return str(path)
