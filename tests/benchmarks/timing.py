"""Commands timed from outside, in turns, each time in a new process."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PYTHON = sys.executable
ROOT = Path(__file__).resolve().parent.parent.parent
INSTALLED = ROOT / ".venvs" / "benchmark"
"""An environment in which headrace is installed as users install it, not for development."""
HEADRACE = str(INSTALLED / "bin" / "headrace")
STEP = str(INSTALLED / "bin" / "headrace-step")
KFP_PYTHON = str(ROOT / ".venvs" / "kubeflow" / "bin" / "python")
AIRFLOW_PYTHON = str(ROOT / ".venvs" / "airflow" / "bin" / "python")


@dataclass(frozen=True)
class Timing:
    """The least of several runs: `seconds` from start to end, and `memory`, the peak in MB.

    Both are infinite for a command that did not end in time.
    """

    seconds: float
    memory: float

    @property
    def ended(self) -> bool:
        """Whether the command ended in time."""
        return self.seconds != float("inf")


NOT_IN_TIME = Timing(float("inf"), float("inf"))


def in_turns(
    commands: Mapping[str, Sequence[str]], folder: Path, turns: int, limit: float = 3600
) -> dict[str, Timing]:
    """Return the least time and memory of each of `commands`, run one after another `turns` times.

    What they wrote is removed after each turn. A first turn does not count, in which programs are
    read from the disk and their bytecode is kept. A command that takes longer than `limit` seconds
    is ended, and not run again.
    """
    before = set(folder.iterdir())
    found: dict[str, list[Timing]] = {name: [] for name in commands}
    for turn in range(turns + 1):
        for name, command in commands.items():
            if NOT_IN_TIME in found[name]:
                continue
            timing = once(command, folder, limit)
            if turn or not timing.ended:
                found[name].append(timing)
            for path in set(folder.iterdir()) - before:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    return {
        name: NOT_IN_TIME
        if NOT_IN_TIME in timings
        else Timing(min(t.seconds for t in timings), min(t.memory for t in timings))
        for name, timings in found.items()
    }


def once(command: Sequence[str], folder: Path, limit: float = 3600) -> Timing:
    """Run `command` in `folder` once, for `limit` seconds at most.

    Raises:
        SystemExit: it failed.
    """
    errors = folder.parent / "errors.txt"
    with errors.open("w+b") as stream:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.DEVNULL, stderr=stream, env=environment(folder)
        )
        code, memory = _waited_for(process, started + limit)
        taken = time.perf_counter() - started
        if code is None:
            return NOT_IN_TIME
        if code:
            raise SystemExit(f"{' '.join(command)}:\n{errors.read_text()[-2000:]}")
    return Timing(taken, memory)


def _waited_for(process: subprocess.Popen[bytes], deadline: float) -> tuple[int | None, float]:
    """Return exit code, None for one that was ended, and peak memory in MB of `process`."""
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            # Linux counts kilobytes, macOS bytes.
            unit = 1024 if sys.platform != "darwin" else 1024 * 1024
            return process.returncode, usage.ru_maxrss / unit
        if time.perf_counter() > deadline:
            process.kill()
            process.wait()
            return None, 0.0
        time.sleep(0.0005)


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of what is measured: bytecode is kept, as it is for everybody."""
    kept = {n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"}
    home = folder.parent / "airflow"
    return kept | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
    }
