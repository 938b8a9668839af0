"""`docs/language.md` says what is so: its examples are run, its pictures made again."""

import importlib
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

import language_page
from headrace.compiler import driver
from headrace.compiler.registry import MANIFEST_TARGETS
from headrace.runtime import wire
from headrace.targets.local import run_pipeline
from language_page import PAGE, Example, Run
from markers import marked

TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = language_page.examples(TEXT)
ACCEPTED = [each for each in EXAMPLES if not marked(each.source)]
REFUSED = [each for each in EXAMPLES if marked(each.source)]
ROWS = language_page.refused(TEXT)
BODY = """
def load(n: int) -> int:
    return n


def pipeline(n: int = 1, xs: list[int] = [1, 2]):
    total = 0
    rows = [n]
    row = load(n)
    {}
    return total
"""


def test_every_block_of_python_is_an_example() -> None:
    assert len(EXAMPLES) == TEXT.count("```python\n") == len({e.name for e in EXAMPLES})
    assert all(example.runs for example in ACCEPTED)
    assert len(ROWS) == TEXT.partition("<!-- begin refused -->")[2].count("\n| `")


def test_the_pictures_are_up_to_date() -> None:
    assert language_page.filled(TEXT) == TEXT, "make readme rewrites them"


@pytest.mark.parametrize("example", ACCEPTED, ids=lambda example: example.name)
def test_an_example_means_what_the_page_says(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compilation = example.compiled(tmp_path)
    assert [d.message for d in compilation.diagnostics] == []
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module(example.name)
    monkeypatch.delitem(sys.modules, example.name)
    for run in example.runs:
        if run.exception:
            _check_failure(run, module, compilation)
        else:
            _check_value(run, module, compilation)


def _check_value(run: Run, module: ModuleType, compilation: driver.Compilation) -> None:
    arguments, named = run.arguments
    result = module.pipeline(*arguments, **named)
    assert repr(result) == repr(eval(run.value, vars(module)))
    state, found, _ = _run_here(run, module, compilation)
    assert state == "succeeded"
    assert repr(found) == repr(wire.plain(wire.encode(result)))


def _check_failure(run: Run, module: ModuleType, compilation: driver.Compilation) -> None:
    arguments, named = run.arguments
    with pytest.raises(Exception) as raised:  # noqa: PT011
        module.pipeline(*arguments, **named)
    assert (type(raised.value).__name__, str(raised.value)) == (run.exception, run.message)
    state, _, message = _run_here(run, module, compilation)
    assert state == "failed"
    assert f"{run.exception}: {run.message}" in message


def _run_here(
    run: Run, module: ModuleType, compilation: driver.Compilation
) -> tuple[str, object, str]:
    assert compilation.pipeline is not None
    arguments, named = run.arguments
    by_position = (parameter.name for parameter in compilation.pipeline.parameters)
    given = {**dict(zip(by_position, arguments, strict=False)), **named}
    outcome = run_pipeline(
        compilation.pipeline,
        parameters={name: wire.encode(value) for name, value in given.items()},
        import_path=compilation.import_path,
        project_folder=compilation.project_folder,
        progress=False,
    )
    return outcome.state, outcome.result, outcome.message


@pytest.mark.parametrize("target", MANIFEST_TARGETS)
@pytest.mark.parametrize("example", ACCEPTED, ids=lambda example: example.name)
def test_an_example_compiles_unless_the_page_says_that_a_target_refuses_it(
    example: Example, target: str, tmp_path: Path
) -> None:
    compilation = example.compiled(tmp_path)
    files = driver.emit(compilation, [target])
    codes = {diagnostic.code for diagnostic in compilation.diagnostics}
    assert codes == ({example.refusing[target]} if target in example.refusing else set())
    assert bool(files) == (target not in example.refusing)


@pytest.mark.parametrize("example", REFUSED, ids=lambda example: example.name)
def test_an_example_is_refused_where_the_page_says(example: Example, tmp_path: Path) -> None:
    compilation = example.compiled(tmp_path)
    found = Counter(
        (d.span.line if d.span else 0, d.severity.value, d.code) for d in compilation.diagnostics
    )
    assert found == marked(example.source)


@pytest.mark.parametrize(("statement", "code"), ROWS)
def test_what_the_table_says_is_refused_alone(statement: str, code: str, tmp_path: Path) -> None:
    compilation = Example("row", BODY.format(statement), (), {}).compiled(tmp_path)
    assert [(d.code, d.span.line if d.span else 0) for d in compilation.diagnostics] == [(code, 10)]
