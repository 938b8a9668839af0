"""Random pipelines mean what CPython says, and have right manifests; or they are refused."""

import ast
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import random_amount
from conformance.outcomes import Bench, Outcome, as_json
from conformance.random_draws import drawing, for_each
from conformance.random_pipelines import RandomPipeline, random_pipeline
from headrace.compiler import codes, driver, render
from headrace.compiler.diagnostics import InternalError, Sink
from headrace.compiler.registry import MANIFEST_TARGETS, load_target
from random_amount import Amount

BYTES = 800
BODIES = ("pipeline", "sub")
LOCAL_PERCENT = 40
"""How many of the pipelines run locally too, which takes ten times as long."""
RAISED = frozenset(
    {"ValueError", "KeyError", "IndexError", "ZeroDivisionError", "AssertionError"}
    | {"OverflowError", "work.Refused"}
)
"""What a random pipeline may raise; anything else is a mistake of the generator."""
ENOUGH = 50
"""From how many pipelines on their shares tell something."""
LEAST_COMPILED = 0.4
MOST_OTHER_ERRORS = 0.15
"""Of the runs that fail, those where it is another exception than CPython's that is told: steps
that do not depend on one another run side by side, and glue runs in the step that it feeds."""


def from_bytes(data: bytes) -> tuple[RandomPipeline, bool]:
    """Return the pipeline that `data` decides on, and whether it runs locally too."""
    draw = drawing(data)
    locally = draw(0, 99) >= 100 - LOCAL_PERCENT
    return random_pipeline(draw), locally


class Comparison:
    """Compares runs of random pipelines, and counts what they were."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()

    def compare(self, pipeline: RandomPipeline, locally: bool) -> None:
        """Run `pipeline` every way; fail with its text and the difference."""
        self.counts["pipelines"] += 1
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(Path(folder).resolve(), pipeline.text, pipeline.pipelines)
            compilation = driver.compile_source(bench.file)
            if compilation.pipeline is None:
                self._refused(compilation)
            wrong = next(self._differences(bench, compilation, pipeline, locally), None)
            wrong = wrong or next(self._wrong_manifests(compilation), None)
            if wrong:
                raise AssertionError(f"{wrong}\n\n{pipeline}")

    def _refused(self, compilation: driver.Compilation) -> None:
        found = {diagnostic.code for diagnostic in compilation.diagnostics}
        assert found
        assert found <= codes.CODES.keys()
        assert render.as_text(compilation.diagnostics, compilation.sources)
        self.counts["refused"] += 1
        self.refusals.update(found)

    def _wrong_manifests(self, compilation: driver.Compilation) -> Iterator[str]:
        """Yield why a target's manifest is wrong; a refusal is right."""
        for target in MANIFEST_TARGETS if compilation.pipeline else ():
            alone = replace(compilation, diagnostics=Sink())
            try:
                manifest = driver.emit(alone, [target])
            except InternalError as error:
                yield f"{target}: {error}"
            else:
                assert bool(manifest) is not alone.diagnostics.failed
                self.counts[f"{target} manifests"] += bool(manifest)

    def _differences(
        self,
        bench: Bench,
        compilation: driver.Compilation,
        pipeline: RandomPipeline,
        locally: bool,
    ) -> Iterator[str]:
        flat = self._flattened(compilation)
        with bench.imported() as module:
            for arguments in pipeline.runs:
                python, returned = bench.by_python(module, arguments)
                if python.error and python.error.partition(":")[0] not in RAISED:
                    yield f"the generator wrote a wrong module: {python.error}"
                if compilation.pipeline is None:
                    continue
                self.counts["runs"] += 1
                self.counts["failed"] += bool(python.error)
                executed = bench.by_ir(compilation, arguments)
                told = f"pipeline(**{arguments})\nCPython: {python}\n"
                if self._differ(python, executed):
                    yield f"{told}the IR:  {executed}"
                if flat and self._differ(python, bench.by_ir(flat, arguments), ordered=False):
                    yield f"{told}the IR without maps inside maps: {bench.by_ir(flat, arguments)}"
                if locally:
                    self.counts["local runs"] += 1
                    run = bench.by_local_run(compilation, arguments)
                    expected = Outcome(
                        "" if python.error else as_json(returned), python.error, python.effects
                    )
                    if self._differ(expected, run, ordered=_effects_are_ordered(pipeline)):
                        yield f"{told}a local run: {run}"

    def _flattened(self, compilation: driver.Compilation) -> driver.Compilation | None:
        """Return `compilation` as a target gets it that has no map inside a map, if it has one."""
        pipeline = compilation.pipeline
        lowered = pipeline and driver.lowered(pipeline, load_target("airflow"))
        if lowered is pipeline:
            return None
        self.counts["flattened"] += 1
        return replace(compilation, pipeline=lowered)

    def _differ(self, python: Outcome, ours: Outcome, ordered: bool | None = None) -> bool:
        """Whether the outcomes differ in what the language promises.

        `ordered` says whether the effects of steps that run side by side have an order; None: all.
        """
        if python.error or ours.error:
            self.counts["other errors"] += python.error not in ours.error.split("\n")
            self.counts["errors"] += 1
            return not (python.error and ours.error)
        if ordered is None:
            return ours != python
        differ = sorted(ours.effects) != sorted(python.effects)
        if ordered:
            differ |= _for_effect(ours) != _for_effect(python)
        return differ or ours.result != python.result


def _for_effect(outcome: Outcome) -> list[str]:
    """Return the effects of calls whose result is thrown away: the others may run side by side."""
    return [effect for effect in outcome.effects if "noted" not in effect]


def _effects_are_ordered(pipeline: RandomPipeline) -> bool:
    return not any(isinstance(node, ast.For) for node in ast.walk(ast.parse(pipeline.text)))


def run_all(comparison: Comparison, pipelines: int, number: int) -> None:
    """Compare so many `pipelines`; the `number` decides which."""
    for_each(pipelines, number, BYTES, lambda data: comparison.compare(*from_bytes(data)))


@pytest.mark.filterwarnings("ignore:.* with .* literal:SyntaxWarning")
@pytest.mark.parametrize("shard", range(random_amount.SHARDS))
def test_a_random_pipeline_means_what_python_says(
    shard: int, random_pipelines: Amount, record_property: Callable[[str, object], None]
) -> None:
    comparison = Comparison()
    run_all(
        comparison,
        random_pipelines.of_shard,
        random_pipelines.seed * random_amount.SHARDS + shard,
    )
    counts = comparison.counts
    record_property("random_pipelines", [dict(counts), dict(comparison.refusals)])
    assert counts["pipelines"] >= random_pipelines.of_shard
    if random_pipelines.of_shard >= ENOUGH:
        assert counts["pipelines"] - counts["refused"] >= LEAST_COMPILED * counts["pipelines"]
        assert counts["failed"] > 0
        assert counts["flattened"] > 0
        assert counts["other errors"] <= MOST_OTHER_ERRORS * counts["errors"] + 3


# --- that the comparison would find what it looks for --------------------------------------------

SMALL = """
from pathlib import Path

def note(n: int) -> int:
    with Path(__file__).with_name("log.txt").open("a") as file:
        print(n, file=file)
    return n

def pipeline(n: int = 1):
    note(n)
    note(2)
    return note(3)
"""


@pytest.mark.parametrize("way", ["by_ir", "by_local_run"])
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"result": "3.0"},
        {"result": "", "error": "ValueError: x"},
        {"effects": ("1", "2", "3", "3")},
        {"effects": ("2", "1", "3")},
    ],
    ids=["none", "result", "failure", "one more effect", "order of effects"],
)
def test_a_difference_is_found(
    way: str, change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = getattr(Bench, way)

    def changed(bench: Bench, compilation: driver.Compilation, arguments: Any) -> Outcome:
        outcome: Outcome = real(bench, compilation, arguments)
        assert not outcome.error
        return replace(outcome, **change)

    monkeypatch.setattr(Bench, way, changed)
    pipeline = RandomPipeline(SMALL, (), ({}, {"n": 7})[: 2 if way == "by_ir" else 1])
    if not change:
        return Comparison().compare(pipeline, locally=True)
    with pytest.raises(AssertionError) as raised:
        Comparison().compare(pipeline, locally=True)
    assert ("the IR: " if way == "by_ir" else "a local run: ") in str(raised.value)
    assert "def pipeline" in str(raised.value)


def test_a_wrong_manifest_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_: object) -> None:
        raise InternalError("no such template")

    monkeypatch.setattr("headrace.targets.argo.ArgoTarget.emit", wrong)
    with pytest.raises(AssertionError, match="argo: no such template"):
        Comparison().compare(RandomPipeline(SMALL, (), ({},)), locally=False)


def test_a_wrong_module_is_found() -> None:
    pipeline = RandomPipeline("def pipeline():\n    return len(1)\n", (), ({},))
    with pytest.raises(AssertionError, match="the generator wrote a wrong module: TypeError"):
        Comparison().compare(pipeline, locally=False)


def test_what_fails_is_shrunk() -> None:
    class Failing(Comparison):
        def compare(self, pipeline: RandomPipeline, locally: bool) -> None:
            self.counts["pipelines"] += 1
            assert "total(" not in pipeline.text.partition("def pipeline")[2], str(pipeline)

    failing = Failing()
    with pytest.raises(AssertionError) as raised:
        run_all(failing, 500, 0)
    told = str(raised.value)
    assert told.count("\n") < 40, told
    assert failing.counts["pipelines"] < 2_000


def test_the_generator_writes_every_construct() -> None:
    met: Counter[type[ast.AST]] = Counter()
    for number in range(300):
        pipeline = random_pipeline(random.Random(number).randint)
        functions = ast.parse(pipeline.text).body
        bodies = [f for f in functions if isinstance(f, ast.FunctionDef) and f.name in BODIES]
        met.update({type(node) for body in bodies for node in ast.walk(body)})
    wanted: tuple[type[ast.AST], ...]
    wanted = (ast.For, ast.If, ast.IfExp, ast.Try, ast.Match, ast.Assert, ast.Raise, ast.Return)
    wanted += (ast.ListComp, ast.DictComp, ast.BoolOp, ast.Compare, ast.JoinedStr, ast.Subscript)
    wanted += (ast.Slice, ast.Starred, ast.Dict, ast.Tuple, ast.Attribute, ast.AnnAssign)
    assert {kind.__name__ for kind in wanted if met[kind] < 5} == set()
