"""What is done before a process forks for steps, and what a fork does before its step runs."""

from __future__ import annotations

import contextlib
import os
import random
import sys

# What every step needs is imported before the first fork.
from headrace.runtime import code as _code  # noqa: F401
from headrace.runtime import codecs as _codecs  # noqa: F401
from headrace.runtime import folders as _folders  # noqa: F401
from headrace.runtime import step
from headrace.runtime.report import tell_engine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from headrace.runtime.ending import Ending

_UNFIT_TO_FORK = ("jax", "tensorflow", "grpc")
"""Packages that start threads of their own when imported, and say that they must not be forked."""


class Imported:
    """What importing the user's modules gave."""

    def __init__(self, can_fork: bool, random_state: Any) -> None:
        """Keep whether a fork may use the modules, and the state to which they set `random`."""
        self.can_fork = can_fork
        self.random_state = random_state


def import_modules(request: dict[str, Any]) -> Imported:
    """Import the modules of the step in `request` in this process, as the step itself would.

    What is printed goes to the log of the step, unless the step has to import them again.
    """
    import gc
    import tempfile

    sys.path[:0] = request["path"]
    _set_environment(_environment_of(request))
    before = random.getstate()
    folder = os.getcwd()
    with tempfile.TemporaryFile() as printed:
        own = os.dup(1), os.dup(2)
        _redirect(printed.fileno(), printed.fileno())
        os.chdir(request["cwd"])
        try:
            imported = _import_all(request["modules"])
        finally:
            os.chdir(folder)
            _redirect(*own)
            for descriptor in own:
                os.close(descriptor)
        can_fork = imported and _is_fit_to_fork()
        if can_fork:
            _append(request["log"], printed)
    after = random.getstate()
    gc.freeze()
    # Drawing a few numbers moves the position only; a new seed changes the numbers.
    was_seeded = after[1][:-1] != before[1][:-1]
    return Imported(can_fork, after if was_seeded else None)


def _import_all(names: list[str]) -> bool:
    try:
        for name in names:
            __import__(name)
    except BaseException:  # the step imports it again, and tells why it cannot
        return False
    return True


def _is_fit_to_fork() -> bool:
    threading = sys.modules.get("threading")
    if threading is not None and threading.active_count() > 1:
        return False
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "cuda") and torch.cuda.is_initialized():
        return False
    return not any(name in sys.modules for name in _UNFIT_TO_FORK)


def _environment_of(request: dict[str, Any]) -> dict[str, str]:
    changed = {**os.environ, **request["env"]}
    return {name: value for name, value in changed.items() if value is not None}


def _set_environment(environment: dict[str, str]) -> None:
    for name in set(os.environ) - set(environment):
        del os.environ[name]
    os.environ.update(environment)


def _redirect(stdout: int, stderr: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)


def _append(path: str, printed: Any) -> None:
    printed.seek(0)
    text = printed.read()
    if text:
        with open(path, "ab") as log:
            log.write(text)


def restore_random(imported: Imported) -> None:
    """Give a fork the random numbers that a process which imported the modules would have.

    A fork shares the state of its parent: numpy's generator would give every step the same
    numbers, and Python's forgets a seed that a module set.
    """
    if imported.random_state is not None:
        random.setstate(imported.random_state)
    numpy = sys.modules.get("numpy.random")
    if numpy is not None:
        try:
            # A generator that was seeded with a number has no seed sequence.
            if numpy.mtrand._rand._bit_generator._seed_seq is not None:
                numpy.seed()
        except AttributeError:  # of a version that keeps it elsewhere
            pass


def set_up(request: dict[str, Any]) -> None:
    """Give a fork the environment, the folder and the log of its step."""
    _set_environment(_environment_of(request))
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    _redirect(log, log)
    os.close(log)
    os.close(nothing)
    os.chdir(request["cwd"])


def run_here(argv: list[str], ending: Ending) -> int:
    """Run a step in this process, do what Python does before it ends, and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    code = step.run(argv)
    ending.announce(code)
    import atexit

    threading = sys.modules.get("threading")
    if threading is not None:
        threading._shutdown()
    atexit._run_exitfuncs()
    return code


_PROGRAM = """\
import sys
from headrace.runtime import ending, step
code = step.run(sys.argv[2:])
ending.announce_in_file(sys.argv[1], code)
sys.exit(code)
"""


def ending_file(request: dict[str, Any]) -> str:
    """Return the file in which a step in an interpreter of its own announces how it will end."""
    return str(request["log"]) + ".ending"


def run_fresh(request: dict[str, Any]) -> NoReturn:
    """Run a step in a new interpreter instead of this one."""
    before = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([*request["path"], *([before] if before else [])])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-c", _PROGRAM, ending_file(request), *request["argv"]]
    # One argument of a program is at most 128 KiB long on Linux, and values may be longer.
    if any(len(argument) > 100_000 for argument in command):
        command = [*command[:4], "@" + _file_of(request)]
    os.execve(sys.executable, command, environment)


def _file_of(request: dict[str, Any]) -> str:
    import json

    path = request["log"] + ".arguments"
    with open(path, "w", encoding="ascii") as file:
        json.dump(request["argv"], file)
    return str(path)


def tell(request: dict[str, Any], text: str) -> None:
    """Write the line `text` to the log of a step that can say nothing any more, and as its last."""
    with contextlib.suppress(OSError), open(request["log"], "a", encoding="utf-8") as log:
        log.write(text + "\n")
    tell_engine(text, request["env"])
