"""What is measured as the work grows: pipelines of 10 to 5,000 steps, wide maps, long chains."""

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks import generated
from benchmarks.rows import Row, shown
from benchmarks.timing import AIRFLOW_PYTHON, HEADRACE, KFP_PYTHON, PYTHON, Timing, in_turns, once

COUNTS = {10: 2, 100: 2, 1_000: 1, 5_000: 1}
"""How many steps, and how many turns of them are timed."""
MOST_DIFFERENT = 1_000
"""More different functions are refused for Argo, which keeps their templates in one object."""
LIMIT = 40
"""No command is given more seconds."""
TOOLS = {
    "headrace": "headrace, all targets that take it",
    "argo": "headrace, Argo alone",
    "hera": "Hera, Argo alone",
    "kfp": "kfp, Kubeflow alone",
    "airflow": "Airflow, loading a DAG file",
}
MOST_FOR_KUBEFLOW = 100
"""Longer blocks are refused for Kubeflow, whose driver takes a DAG as one argument of 128 kB."""
WIDE, LONG = 1_100, 1_000


@dataclass(frozen=True)
class Grown:
    """The timings of every tool, by shape and count, and the bytes of the Argo manifests."""

    timings: dict[tuple[str, int], dict[str, Timing]]
    cached: dict[tuple[str, int], Timing]
    sizes: dict[tuple[str, int], int]


def measured() -> Grown:
    """Measure every shape and count."""
    grown = Grown({}, {}, {})
    for shape in generated.SHAPES:
        for count, turns in COUNTS.items():
            if shape == "distinct" and count > MOST_DIFFERENT:
                continue
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name) / "work"
                folder.mkdir()
                _measure(grown, shape, count, turns, folder)
    return grown


def _measure(grown: Grown, shape: str, count: int, turns: int, folder: Path) -> None:
    (folder / "ours.py").write_text(generated.headrace(shape, count))
    (folder / "hera_.py").write_text(generated.hera(shape, count, "hera.yaml"))
    (folder / "kfp_.py").write_text(generated.kfp(shape, count, "kfp.yaml"))
    (folder / "airflow_.py").write_text(generated.airflow(shape, count))
    compile_ = [HEADRACE, "compile", "ours.py", "--set", f"image={generated.IMAGE}", "--out", "out"]
    argo = compile_
    if count > MOST_FOR_KUBEFLOW:
        compile_ = [*argo, "--target", "argo", "--target", "airflow"]
    commands = {
        "headrace": [*compile_, "--no-cache"],
        "argo": [*argo, "--no-cache", "--target", "argo"],
        "hera": [PYTHON, "hera_.py"],
        "kfp": [KFP_PYTHON, "kfp_.py"],
        "airflow": [AIRFLOW_PYTHON, "airflow_.py"],
    }
    grown.timings[shape, count] = in_turns(commands, folder, turns, LIMIT)
    once(compile_, folder)
    grown.sizes[shape, count] = sum(p.stat().st_size for p in (folder / "out" / "argo").iterdir())
    grown.cached[shape, count] = in_turns({"cached": compile_}, folder, 5)["cached"]
    told = {tool: shown(t, LIMIT) for tool, t in grown.timings[shape, count].items()}
    print(shape, count, told, shown(grown.cached[shape, count], LIMIT), flush=True)


def table(grown: Grown) -> str:
    """Return what every tool took, as a table in Markdown."""
    names = {"distinct": "different functions", "calls": "calls of one function"}
    lines = [
        f"| steps | {' | '.join(TOOLS.values())} | headrace, unchanged source |",
        "| --- |" + " --- |" * (len(TOOLS) + 1),
    ]
    for (shape, count), timings in grown.timings.items():
        cells = [shown(timings[tool], LIMIT) for tool in TOOLS]
        cells.append(shown(grown.cached[shape, count], LIMIT))
        lines.append(f"| {count:,} {names[shape]} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def rows(grown: Grown) -> list[Row]:
    """Return what is held to an aim."""
    compared = {("distinct", 1_000): "different steps", ("calls", 5_000): "calls of one function"}
    found = [
        row
        for (shape, count), what in compared.items()
        for row in _beside_hera(grown.timings[shape, count], f"{count:,} {what}")
    ]
    found.append(_linear(grown))
    cold, kept = grown.timings["distinct", 1_000]["headrace"], grown.cached["distinct", 1_000]
    found.append(
        Row(
            "1,000 steps of an unchanged source, from the cache",
            f"{kept.seconds:.3f} s",
            f"{cold.seconds:.3f} s cold",
            kept.seconds / cold.seconds,
            0.1,
            "of the cold time",
        )
    )
    for shape, what, aim in (
        ("distinct", "different steps", 0.45),
        ("calls", "calls of one function", 0.2),
    ):
        size = grown.sizes[shape, 1_000] / 1e6
        found.append(Row(f"Argo manifest of 1,000 {what}", f"{size:.3f} MB", "", size, aim, "MB"))
    return found


def _beside_hera(timings: dict[str, Timing], what: str) -> list[Row]:
    ours, hera = timings["headrace"], timings["hera"]
    beside = f"{what}: headrace to Argo and Airflow, Hera to Argo"
    return [
        Row(
            f"cold compile of {beside}",
            f"{ours.seconds:.2f} s",
            f"{hera.seconds:.2f} s",
            ours.seconds / hera.seconds,
            0.4,
            "of Hera's time",
        ),
        Row(
            f"peak memory for {beside}",
            f"{ours.memory:.0f} MB",
            f"{hera.memory:.0f} MB",
            ours.memory / hera.memory,
            1,
            "of Hera's",
        ),
    ]


def _linear(grown: Grown) -> Row:
    """Return how much dearer a step is in a long pipeline than in a shorter one.

    To one target, which takes all lengths: Kubeflow takes a hundred steps and no thousand.
    """
    taken = {count: grown.timings["calls", count]["argo"].seconds for count in COUNTS}
    early = (taken[1_000] - taken[100]) / 900
    late = (taken[5_000] - taken[1_000]) / 4_000
    return Row(
        "one more call, to Argo alone: between 1,000 and 5,000, and between 100 and 1,000",
        f"{late * 1000:.2f} ms",
        f"{early * 1000:.2f} ms",
        late / early,
        1.25,
        "of the earlier",
    )


MODULE = """
def numbers(n: int) -> list[int]:
    return list(range(n))


def step(value: int) -> int:
    return value


def pipeline(n: int = 1):
    return [step(x) for x in numbers(n)]
"""


def run_rows(folder: Path) -> list[Row]:
    """Measure a wide map and a long chain of a local run."""
    (folder / "wide.py").write_text(MODULE)
    calls = "    value = step(value)\n" * LONG
    step = MODULE.partition("def step")[2].partition("def pipeline")[0]
    chain = f"def step{step}def pipeline(value: int = 1):\n{calls}    return value\n"
    (folder / "long.py").write_text(chain)
    run = [HEADRACE, "run", "--json"]
    found = in_turns(
        {
            "one": [*run, "wide.py", "--param", "n=1"],
            "wide": [*run, "wide.py", "--param", f"n={WIDE}"],
            "long": [*run, "long.py"],
        },
        folder,
        1,
    )
    command = [*run, "wide.py", "--param", f"n={WIDE}"]
    answer = subprocess.run(command, cwd=folder, capture_output=True, check=True)
    assert json.loads(answer.stdout)["result"] == list(range(WIDE))
    one = found["one"]
    rows = []
    for name, what, count in (("wide", "turn of a map", WIDE), ("long", "step of a chain", LONG)):
        each = (found[name].seconds - one.seconds) / count
        rows.append(
            Row(
                f"a {what} of {count:,} no-op steps, locally",
                f"{each * 1000:.1f} ms",
                "",
                each * 1000,
                15,
                "ms a step",
            )
        )
        rows.append(
            Row(
                "peak memory of that run, over a run of two steps, for each 1,000 steps",
                f"{found[name].memory:.0f} MB",
                f"{one.memory:.0f} MB",
                (found[name].memory - one.memory) * 1000 / count,
                32,
                "MB",
            )
        )
    return rows
