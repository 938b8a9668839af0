"""Random pipelines with random failures end on every engine as CPython says.

Argo and Kubeflow are their models, Airflow is `dag.test()`. Steps raise, exit, are killed, and are
killed once and tried again.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import random_amount
from conformance.random_draws import drawing, for_each
from conformance.random_failures import Failures, random_failures
from conformance.random_pipelines import RandomPipeline, random_pipeline
from conformance.random_runs import EngineBench, Ran
from conformance.suite import Outcome, failed, succeeded
from models.errors import RunStuck
from random_amount import Amount

PIPELINE_BYTES, FAILURE_BYTES = 800, 60
MODELS = random_amount.ENGINES[:2]
SLOWER = 50
"""How many pipelines the models get for each that goes to where every step is a process."""

pytestmark = pytest.mark.filterwarnings("ignore:.* with .* literal:SyntaxWarning")


class Comparison:
    """Compares runs of random pipelines on `engines`, and counts what they were."""

    def __init__(self, *engines: str, killing: bool = False) -> None:
        self.counts: Counter[str] = Counter()
        self.engines, self._killing = engines, killing

    def check(self, data: bytes) -> None:
        """Compare the pipeline that `data` decides on."""
        pipeline = random_pipeline(drawing(data[:PIPELINE_BYTES]))
        self.compare(pipeline, random_failures(drawing(data[PIPELINE_BYTES:]), pipeline))

    def compare(self, pipeline: RandomPipeline, failures: Failures) -> None:
        """Run `pipeline` with its `failures` every way; fail with its text and the difference."""
        self.counts["pipelines"] += 1
        with tempfile.TemporaryDirectory() as folder:
            wrong = next(self._differences(Path(folder).resolve(), pipeline, failures), None)
        if wrong:
            raise AssertionError(f"{wrong}\n{failures}\n\n{pipeline}")

    def _differences(
        self, folder: Path, pipeline: RandomPipeline, failures: Failures
    ) -> Iterator[str]:
        bench = EngineBench(folder, pipeline, failures, killing=self._killing)
        if bench.compilation.pipeline is None:
            self.counts["refused"] += 1
            return
        runs = {engine: run for engine in self.engines if (run := bench.on(engine))}
        for arguments in pipeline.runs if runs else ():
            wanted = bench.by_python(arguments)
            self.counts["failed"] += wanted.outcome.state == "failed"
            for engine, run in runs.items():
                self.counts[engine] += 1
                found = _ended(run, arguments)
                if different(found, wanted):
                    yield f"pipeline(**{arguments})\nCPython: {wanted}\n{engine}: {found}"


def _ended(run: Callable[[dict[str, Any]], Ran], arguments: dict[str, Any]) -> Ran:
    try:
        return run(arguments)
    except RunStuck as error:
        return Ran(Outcome("neither", None, str(error)), ())


def different(found: Ran, wanted: Ran) -> bool:
    """Whether an engine's run is not what CPython makes of the pipeline.

    Steps that do not depend on one another run side by side: effects have no order, and where a run
    fails there may be more of them, but none that CPython has is missing.
    """
    if found.outcome.state != wanted.outcome.state:
        return True
    if wanted.outcome.state == "failed":
        return bool(Counter(wanted.effects) - Counter(found.effects))
    return found.outcome != wanted.outcome or sorted(found.effects) != sorted(wanted.effects)


@pytest.mark.parametrize("shard", range(random_amount.SHARDS))
def test_the_models_end_as_python_does(
    shard: int, random_pipelines: Amount, record_property: Callable[[str, object], None]
) -> None:
    comparison = Comparison(*MODELS)
    number = random_pipelines.seed * random_amount.SHARDS + shard
    for_each(random_pipelines.of_shard, number, PIPELINE_BYTES + FAILURE_BYTES, comparison.check)
    record_property(random_amount.RUNS, dict(comparison.counts))
    if random_pipelines.of_shard >= 20:
        assert comparison.counts["argo"] > 0.5 * random_pipelines.of_shard
        assert comparison.counts["kubeflow"] > 0.5 * random_pipelines.of_shard
        assert comparison.counts["failed"] > 0


def _slower(engine: str, amount: Amount) -> dict[str, int]:
    comparison = Comparison(engine, killing=True)
    pipelines = max(1, amount.pipelines // SLOWER)
    for_each(pipelines, amount.seed, PIPELINE_BYTES + FAILURE_BYTES, comparison.check)
    assert comparison.counts[engine] > 0
    return dict(comparison.counts)


def test_a_local_run_ends_as_python_does(
    random_pipelines: Amount, record_property: Callable[[str, object], None]
) -> None:
    record_property(random_amount.RUNS, _slower("local", random_pipelines))


@pytest.mark.airflow
def test_airflow_ends_as_python_does(
    random_pipelines: Amount, record_property: Callable[[str, object], None]
) -> None:
    record_property(random_amount.RUNS, _slower("airflow", random_pipelines))


# --- that the comparison would find what it looks for --------------------------------------------

SMALL = """
from pathlib import Path

def note(n: int) -> int:
    with Path(__file__).with_name("log.txt").open("a") as file:
        print(n, file=file)
    return n

def add(a: int, b: int = 1) -> int:
    return a + b

def pipeline(n: int = 1):
    try:
        a = add(n)
    except ValueError:
        a = 0
    finally:
        note(7)
    return a
"""
PIPELINE = RandomPipeline(SMALL, (), ({}, {"n": 5}))


@pytest.mark.parametrize(
    ("failures", "outcome", "engines"),
    [
        (Failures(), succeeded(2), MODELS),
        (Failures(raises={"add": "ValueError('no')"}), succeeded(0), MODELS),
        (Failures(raises={"add": "KeyError('k')"}), failed("KeyError: 'k'"), MODELS),
        (Failures(raises={"add": "SystemExit(3)"}), failed("SystemExit: 3"), MODELS),
        (Failures(lost=frozenset({"add"})), failed("conformance.random_failures.Lost"), MODELS),
        (Failures(flaky=frozenset({"add"})), succeeded(2), MODELS),
        (Failures(lost=frozenset({"note"})), failed("conformance.random_failures.Lost"), MODELS),
    ],
    ids=["none", "handled", "not handled", "exit", "lost", "flaky", "lost cleanup"],
)
def test_each_kind_of_failure_is_met(
    failures: Failures, outcome: Outcome, engines: tuple[str, ...], tmp_path: Path
) -> None:
    bench = EngineBench(tmp_path, PIPELINE, failures)
    wanted = bench.by_python({})
    assert wanted == Ran(outcome, () if "note" in failures.lost else ("7",))
    for engine in engines:
        run = bench.on(engine)
        assert run is not None
        found = run({})
        assert (found.outcome.state, found.effects) == (outcome.state, wanted.effects)
        if outcome.state == "succeeded":
            assert found.outcome == outcome


def test_killing_is_as_being_lost_locally(tmp_path: Path) -> None:
    for name, failures in KILLED.items():
        (tmp_path / name).mkdir()
        bench = EngineBench(tmp_path / name, PIPELINE, failures, killing=True)
        run = bench.on("local")
        assert run is not None
        for arguments in PIPELINE.runs:
            found, wanted = run(arguments), bench.by_python(arguments)
            assert wanted.outcome.state == ("failed" if name == "lost" else "succeeded")
            assert not different(found, wanted), (name, found, wanted)
            assert found.effects == ("7",)
            record = sorted((tmp_path / name).glob("work.py-*"))
            assert bool(record) is (name == "flaky")


KILLED = {"lost": Failures(lost=frozenset({"add"})), "flaky": Failures(flaky=frozenset({"add"}))}
TWO_HANDLERS = """
def parse(text: str) -> int:
    return int(text)

def pipeline(first: str = "x"):
    try:
        a = parse(first)
    except ValueError:
        a = 0
    try:
        a = parse(f"{a}y")
    except ZeroDivisionError:
        a = 1
    return a
"""


@pytest.mark.parametrize("engine", MODELS)
def test_calls_of_a_function_that_other_handlers_surround_fail_for_themselves(
    engine: str, tmp_path: Path
) -> None:
    bench = EngineBench(tmp_path, RandomPipeline(TWO_HANDLERS, (), ({},)), Failures())
    run = bench.on(engine)
    assert run is not None
    assert bench.by_python({}).outcome.state == "failed"
    assert run({}).outcome.state == "failed"


FOUND = Ran(succeeded(1), ("a", "b"))


@pytest.mark.parametrize(
    ("found", "wanted", "differ"),
    [
        (FOUND, FOUND, False),
        (Ran(succeeded(1), ("b", "a")), FOUND, False),
        (Ran(succeeded(1.0), ("a", "b")), FOUND, True),
        (Ran(succeeded(1), ("a",)), FOUND, True),
        (Ran(failed("x"), ("a", "b")), FOUND, True),
        (Ran(failed("x"), ("a", "b")), Ran(failed("y"), ("a",)), False),
        (Ran(failed("x"), ()), Ran(failed("x"), ("a",)), True),
        (Ran(Outcome("neither", None, "x"), ()), Ran(failed("x"), ()), True),
    ],
)
def test_a_difference_is_found(found: Ran, wanted: Ran, differ: bool) -> None:
    assert different(found, wanted) is differ


def test_a_difference_is_told_with_the_pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EngineBench, "by_argo", lambda *_: Ran(succeeded(3), ("7",)))
    with pytest.raises(AssertionError) as raised:
        Comparison(*MODELS).compare(PIPELINE, Failures())
    assert "argo: " in str(raised.value)
    assert "def pipeline" in str(raised.value)
