"""What is measured on small pipelines: six steps, chains of steps that do nothing, the shim."""

import json
import subprocess
from pathlib import Path

from benchmarks.rows import Row, milliseconds
from benchmarks.timing import HEADRACE, KFP_PYTHON, PYTHON, STEP, in_turns, once

TURNS = 9
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


COMPILE = [HEADRACE, "compile", "--no-cache", "--out", "out"]


def compile_rows(folder: Path) -> list[Row]:
    """Measure a cold compile of six steps, as it is and with heavy packages imported."""
    heavy = "import numpy\nimport pandas\nimport sklearn\nimport torch\n"
    (folder / "six_steps.py").write_text(SIX_STEPS)
    (folder / "six_heavy.py").write_text(heavy + SIX_STEPS)
    (folder / "six_components.py").write_text(SIX_COMPONENTS)
    found = in_turns(
        {
            "ours": [*COMPILE, "six_steps.py"],
            "heavy": [*COMPILE, "six_heavy.py"],
            "kfp": [KFP_PYTHON, "six_components.py"],
        },
        folder,
        TURNS,
    )
    once([*COMPILE, "six_steps.py"], folder)
    targets = sorted(path.name for path in (folder / "out").iterdir())
    assert targets == ["airflow", "argo", "kubeflow"], targets
    ours, heavy_time, kfp = (found[name].seconds for name in ("ours", "heavy", "kfp"))
    return [
        Row(
            "cold compile of six steps: headrace to three targets, kfp to one",
            f"{ours:.3f} s",
            f"{kfp:.3f} s",
            ours / kfp,
            0.65,
            "of kfp's time",
        ),
        Row(
            "the same with `import torch`, `pandas`, `sklearn` and `numpy` at the module's top",
            f"{heavy_time:.3f} s",
            f"{ours:.3f} s without",
            heavy_time / ours,
            1.05,
            "of the time without",
        ),
    ]


def chain(length: int) -> str:
    """Return a module with a chain of different steps, each of what the one before gives."""
    steps = "".join(f"    value = step_{number}(value)\n" for number in range(length))
    functions = "".join(
        f"def step_{number}(value: int) -> int:\n    return value\n\n\n" for number in range(length)
    )
    return f"{functions}def pipeline(value: int = 1):\n{steps}    return value\n"


def run_rows(folder: Path) -> list[Row]:
    """Measure a step of a local run."""
    for length in (FEW, MANY):
        (folder / f"chain_{length}.py").write_text(chain(length))
    found = in_turns(
        {
            "few": [HEADRACE, "run", f"chain_{FEW}.py", "--json"],
            "many": [HEADRACE, "run", f"chain_{MANY}.py", "--json"],
            "bare": [PYTHON, "-c", "pass"],
        },
        folder,
        TURNS,
    )
    answer = subprocess.run(
        [HEADRACE, "run", f"chain_{MANY}.py", "--json"], cwd=folder, capture_output=True, check=True
    )
    assert len(json.loads(answer.stdout)["steps"]) == MANY
    step = (found["many"].seconds - found["few"].seconds) / (MANY - FEW)
    return [
        Row(
            f"a no-op step of a local run (a chain of {MANY} less one of {FEW})",
            milliseconds(step),
            f"{milliseconds(found['bare'].seconds)} for a bare interpreter",
            step * 1000,
            15,
            "ms a step",
        )
    ]


def shim_rows(folder: Path) -> list[Row]:
    """Measure the start of the shim."""
    (folder / "noop.py").write_text("def step(value: int) -> int:\n    return value\n")
    step = [STEP, "--step=noop", "--output=out=out.txt", "noop:step", "--value=1"]
    found = in_turns({"ours": step, "bare": [PYTHON, "-c", "pass"]}, folder, 3 * TURNS)
    once(step, folder)
    assert (folder / "out.txt").read_text() == "=1"
    ours, bare = found["ours"].seconds, found["bare"].seconds
    return [
        Row(
            "the shim's start-up: one no-op step by `headrace-step`",
            milliseconds(ours),
            f"{milliseconds(bare)} for a bare interpreter",
            (ours - bare) * 1000,
            40,
            "ms over it",
        )
    ]
