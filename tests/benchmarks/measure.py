"""Measures headrace here and now, and writes the table into README.md beside this file.

Run it with the interpreter of `.venvs/main`; kfp is measured in `.venvs/kubeflow`. What is compared
is measured in turns, each time in a new process, and the medians are shown: a busy machine slows
both sides alike. `--check` fails when an aim is missed.
"""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
README = FOLDER / "README.md"
ROOT = FOLDER.parent.parent
PYTHON = sys.executable
HEADRACE = str(Path(sys.executable).with_name("headrace"))
STEP = str(Path(sys.executable).with_name("headrace-step"))
KFP_PYTHON = str(ROOT / ".venvs" / "kubeflow" / "bin" / "python")
TURNS = 15
FEW, MANY = 1, 41
"""The lengths of the chains whose difference in time is what the steps between them cost."""

BODY = """
def load(seed: int) -> list[int]:
    return list(range(seed))


def clean(rows: list[int]) -> list[int]:
    return rows


def train(rows: list[int], rate: float) -> str:
    return f"model of {len(rows)} at {rate}"


def evaluate(model: str, rows: list[int]) -> float:
    return len(model) / 100


def report(model: str, score: float) -> str:
    return f"{model}: {score}"


def publish(text: str) -> str:
    return text
"""

SIX_STEPS = (
    BODY
    + """

def pipeline(seed: int = 10, rate: float = 0.5):
    rows = clean(load(seed))
    model = train(rows, rate)
    score = evaluate(model, rows)
    return publish(report(model, score))
"""
)

SIX_COMPONENTS = (
    "from kfp import compiler, dsl\n\n\n"
    + BODY.strip().replace("def ", "@dsl.component\ndef ").replace("list[int]", "list")
    + """


@dsl.pipeline
def pipeline(seed: int = 10, rate: float = 0.5) -> str:
    rows = clean(rows=load(seed=seed).output).output
    model = train(rows=rows, rate=rate).output
    score = evaluate(model=model, rows=rows).output
    return publish(text=report(model=model, score=score).output).output


compiler.Compiler().compile(pipeline, "six.yaml")
"""
)


@dataclass(frozen=True)
class Row:
    """A line of the table: `ours` and `theirs` are shown as they are; `figure` is held to `aim`."""

    what: str
    ours: str
    theirs: str
    figure: float
    aim: float
    unit: str


def seconds(command: list[str], folder: Path) -> float:
    """Return how long `command` takes in `folder`, from its start to its end."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}:\n{done.stderr}")
    return taken


def in_turns(*commands: list[str], folder: Path, turns: int = TURNS) -> list[float]:
    """Return the median seconds of each of `commands`, run one after another `turns` times.

    What they wrote is removed after each turn. A first turn does not count: in it the programs are
    read from the disk.
    """
    before = set(folder.iterdir())
    taken = []
    for _ in range(turns + 1):
        taken.append([seconds(command, folder) for command in commands])
        for path in set(folder.iterdir()) - before:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return [statistics.median(times) for times in zip(*taken[1:], strict=True)]


def compile_row(folder: Path) -> Row:
    (folder / "six_steps.py").write_text(SIX_STEPS)
    (folder / "six_components.py").write_text(SIX_COMPONENTS)
    ours, theirs = in_turns(
        [HEADRACE, "compile", "six_steps.py", "--out", "out"],
        [KFP_PYTHON, "six_components.py"],
        folder=folder,
    )
    seconds([HEADRACE, "compile", "six_steps.py", "--out", "out"], folder)
    targets = sorted(path.name for path in (folder / "out").iterdir())
    assert targets == ["airflow", "argo", "kubeflow"], targets
    return Row(
        "cold compile of six steps: headrace to three targets, kfp to one",
        f"{ours:.3f} s",
        f"{theirs:.3f} s",
        ours / theirs,
        0.65,
        "of kfp's time",
    )


def chain(length: int) -> str:
    steps = "".join(f"    value = step_{number}(value)\n" for number in range(length))
    functions = "".join(
        f"def step_{number}(value: int) -> int:\n    return value\n\n\n" for number in range(length)
    )
    return f"{functions}def pipeline(value: int = 1):\n{steps}    return value\n"


def run_row(folder: Path) -> Row:
    for length in (FEW, MANY):
        (folder / f"chain_{length}.py").write_text(chain(length))
    few, many, bare = in_turns(
        [HEADRACE, "run", f"chain_{FEW}.py", "--json"],
        [HEADRACE, "run", f"chain_{MANY}.py", "--json"],
        [PYTHON, "-c", "pass"],
        folder=folder,
    )
    answer = subprocess.run(
        [HEADRACE, "run", f"chain_{MANY}.py", "--json"], cwd=folder, capture_output=True, check=True
    )
    assert len(json.loads(answer.stdout)["steps"]) == MANY
    step = (many - few) / (MANY - FEW)
    return Row(
        f"a no-op step of a local run (a chain of {MANY} less one of {FEW})",
        _milliseconds(step),
        f"{_milliseconds(bare)} for a bare interpreter",
        step * 1000,
        15,
        "ms a step",
    )


def shim_row(folder: Path) -> Row:
    (folder / "noop.py").write_text("def step(value: int) -> int:\n    return value\n")
    step = [STEP, "--step=noop", "--output=out=out.txt", "noop:step", "--value=1"]
    ours, bare = in_turns(
        step,
        [PYTHON, "-c", "pass"],
        folder=folder,
        turns=3 * TURNS,
    )
    seconds(step, folder)
    assert (folder / "out.txt").read_text() == "=1"
    return Row(
        "the shim's start-up: one no-op step by `headrace-step`",
        _milliseconds(ours),
        f"{_milliseconds(bare)} for a bare interpreter",
        (ours - bare) * 1000,
        40,
        "ms over it",
    )


def measured() -> list[Row]:
    rows = []
    measures: list[Callable[[Path], Row]] = [compile_row, run_row, shim_row]
    for measure in measures:
        with tempfile.TemporaryDirectory() as name:
            rows.append(measure(Path(name)))
        print(table(rows[-1:]).splitlines()[-1], flush=True)
    return rows


def table(rows: list[Row]) -> str:
    lines = ["| what | headrace | beside it | figure | aim |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        digits = 2 if row.figure < 1 else 1
        figure = f"{row.figure:.{digits}f} {row.unit}"
        aim = f"{row.aim:g}: {'met' if row.figure <= row.aim else '**missed**'}"
        lines.append(f"| {row.what} | {row.ours} | {row.theirs} | {figure} | {aim} |")
    return "\n".join(lines) + "\n"


def machine() -> str:
    """Return what the table was measured on, in words."""
    kfp = subprocess.run(
        [KFP_PYTHON, "-c", "from importlib.metadata import version; print(version('kfp'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    info = Path("/proc/cpuinfo")
    names = info.read_text().splitlines() if info.exists() else []
    name = next((n.partition(":")[2].strip() for n in names if n.startswith("model name")), "")
    return (
        f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores"
        f"{f' of {name}' if name else ''}; headrace {version('headrace')}, kfp {kfp}. "
        f"Medians of {TURNS} turns ({3 * TURNS} for the shim).\n"
    )


def _milliseconds(value: float) -> str:
    return f"{value * 1000:.1f} ms"


def main() -> int:
    """Measure, write the table, and return the exit code."""
    rows = measured()
    text = README.read_text()
    begin, end = "<!-- begin table -->\n", "<!-- end table -->\n"
    before, after = text.partition(begin)[0], text.partition(end)[2]
    README.write_text(f"{before}{begin}\n{machine()}\n{table(rows)}\n{end}{after}")
    missed = [row for row in rows if row.figure > row.aim]
    return 1 if missed and "--check" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
