"""Runs `headrace-step` in this process, for models of engines: a process each takes too long."""

import contextlib
import io
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from headrace.runtime import step

RunStep: TypeAlias = Callable[[list[str], Mapping[str, str], int], None]
"""Runs a step by its arguments, with these variables, as the attempt of that number; raises
`StepFailed`."""


class StepFailed(Exception):
    """The step failed; the text is what its engine is told."""

    def __init__(self, text: str, exit_code: int) -> None:
        """Keep both."""
        super().__init__(text)
        self.exit_code = exit_code


def run_step(
    arguments: Sequence[str], variables: Mapping[str, str], import_root: Path, folder: Path
) -> None:
    """Run the step that `arguments` describe as if a process did, in a new folder in `folder`.

    Its modules are imported anew from `import_root`, and forgotten.

    Raises:
        StepFailed: its exit code is not 0.
    """
    work = Path(tempfile.mkdtemp(prefix="step-", dir=folder))
    log = work / "termination-log"
    log.touch()
    with _process(work, import_root, {**variables, "HEADRACE_TERMINATION_LOG": str(log)}) as told:
        code = step.run(arguments)
    if code:
        raise StepFailed(log.read_text(encoding="utf-8") or told.getvalue(), code)


@contextlib.contextmanager
def _process(work: Path, import_root: Path, variables: Mapping[str, str]) -> Iterator[io.StringIO]:
    """Give what follows the folder, the environment and the modules of a process of its own."""
    environment, path, folder = dict(os.environ), list(sys.path), Path.cwd()
    modules, temporary, fsync = set(sys.modules), tempfile.tempdir, os.fsync
    told = io.StringIO()
    os.environ.update(variables)
    sys.path.insert(0, str(import_root))
    tempfile.tempdir = None
    os.fsync = _not_at_all
    os.chdir(work)
    try:
        with (
            contextlib.redirect_stdout(told),
            contextlib.redirect_stderr(told),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("default")
            yield told
    finally:
        os.fsync = fsync
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.path[:], tempfile.tempdir = path, temporary
        for name in set(sys.modules) - modules:
            if _is_below(sys.modules[name], import_root):
                del sys.modules[name]


def _not_at_all(fd: Any) -> None:
    """Stand for `os.fsync`: what is written here need not outlive a machine, and a disk is slow."""


def _is_below(module: object, folder: Path) -> bool:
    places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    return any(place and Path(place).is_relative_to(folder) for place in places)
