"""The Airflow target's files, names and refusals; what they do is in `test_airflow_runs`."""

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import jinja2
import msgspec
import pytest

from airflow_cases import (
    HAZARDS,
    call,
    const,
    each,
    everything,
    out,
    pipeline,
)
from headrace.compiler import ir
from headrace.compiler.capabilities import Feature, check
from headrace.compiler.diagnostics import InternalError
from headrace.compiler.settings import PipelineSettings, Schedule
from headrace.targets.airflow import TARGET, emit, manifest
from headrace.targets.airflow.literals import docstring_text, jinja_text, python_text, template_text
from headrace.targets.airflow.verify import verify


def text_of(compiled: ir.Pipeline) -> str:
    (file,) = TARGET.emit(compiled)
    return file.text


@pytest.mark.parametrize("compiled", [everything(), pipeline(result=const("1"), doc="")])
def test_file_is_formatted_and_free_of_findings(tmp_path: Path, compiled: ir.Pipeline) -> None:
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent)) or "ruff"
    (tmp_path / "dag.py").write_text(text_of(compiled), encoding="utf-8")
    for command in (
        ["format", "--isolated", "--diff"],
        ["check", "--isolated", "--select", "AIR,F,I,E,W,UP", "--ignore", "E501"],
    ):
        done = subprocess.run(
            [ruff, *command, "dag.py"], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_file_names_its_source_and_nothing_of_the_machine(tmp_path: Path) -> None:
    (file,) = TARGET.emit(everything())
    assert file.name == "flow_line.py"
    assert "flow.py:1 (flow:pipeline)" in file.text
    assert 'doc_md="flow.py:10"' in file.text
    assert f'CODE = "{everything().code.digest}"' in file.text
    assert str(Path.cwd()) not in file.text


@pytest.mark.parametrize("text", [*HAZARDS, "'''\"", "\\'\"", "\\N", "tab\t", "\\", "\x00\x1b"])
def test_literals_give_the_text_back(text: str) -> None:
    environment = jinja2.Environment(autoescape=False)
    assert ast.literal_eval(python_text(text)) == text
    assert ast.literal_eval(f'"""{docstring_text(text)} end"""') is not None
    assert environment.from_string(f"{{{{ {jinja_text(text)} }}}}").render() == text
    assert environment.from_string(template_text(text)).render() == text


@pytest.mark.parametrize(
    "id_",
    [
        "result",
        "dag",
        "import",
        "json",
        "only-if",
        "getattr",
        "turns-list",
        "turns-values",
        "pipeline-result",
    ],
)
def test_step_may_have_any_name(id_: str) -> None:
    compiled = pipeline(
        call(id_, "same", {"value": const("1")}),
        each(
            "turns",
            const("[1]"),
            call("dag_", "same", {"value": out(id_)}),
            x=ir.Item(map="turns"),
        ),
        call("end", "both", {"left": out(id_), "right": ir.Gather(map="turns", name="x")}),
        result=out("end"),
    )
    dag = emit.build(compiled)
    assert len({task.variable for task in dag.tasks}) == len(dag.tasks) == 6
    assert id_ in {task.task_id for task in dag.tasks}
    assert dag.tasks[-1].variable not in ("dag", "json")
    compile(text_of(compiled), "dag.py", "exec")


def test_every_failure_reaches_the_last_task() -> None:
    """The last task of the file is the only one that nothing waits for."""
    dag = emit.build(everything())
    groups = [member for member in dag.members if isinstance(member, manifest.Group)]
    edges = [*dag.edges, *(edge for group in groups for edge in group.edges)]
    waited_for = {name for edge in edges for name in edge.upstream}
    waited_for |= {group.items for group in groups}
    assert [t.task_id for t in dag.tasks if t.variable not in waited_for] == ["pipeline-result"]
    assert dag.tasks[-1].trigger_rule == "none_failed"


def test_only_what_may_be_skipped_is_waited_for_leniently() -> None:
    rules = {task.task_id: task.trigger_rule for task in emit.build(everything()).tasks}
    assert rules == {
        "list": "all_success",
        "turns-list": "all_success",
        "ask": "all_success",
        "up": "all_success",
        "turns-values": "none_failed",
        **{f"a-rather-long-name-{i}": "all_success" for i in range(4)},
        "end": "none_failed",
        "pipeline-result": "none_failed",
    }


def _broken(dag: manifest.Dag, old: str, new: str) -> manifest.Dag:
    text = msgspec.json.encode(dag).decode()
    assert old in text
    return msgspec.json.decode(text.replace(old, new, 1), type=manifest.Dag)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('task_ids=\\"list\\")[\\"rows\\"]', 'task_ids=\\"lost\\")[\\"rows\\"]', "lost"),
        ('task_ids=\\"list\\")[\\"rows\\"]', 'task_ids=\\"list\\")[\\"gone\\"]', "gone"),
        ('params[\\"xs\\"]', 'params[\\"ys\\"]', "ys"),
        ('"output":"big"', '"output":"bigger"', "bigger"),
        ('"upstream":["list_"', '"upstream":["nobody"', "nobody"),
        ('"task_id":"ask"', '"task_id":"list"', "two tasks"),
        ('"task_id":"ask"', '"task_id":"a b"', "a b"),
        ("--declare=out", "--declare=$(out)", "Kubernetes"),
        ("--declare=out", "--declare={{ macros.ds }}", "macros"),
        ("--declare=out", "--declare={{ out", "no template"),
    ],
)
def test_verifier_finds_what_does_not_resolve(old: str, new: str, problem: str) -> None:
    dag = _broken(emit.build(everything()), old, new)
    with pytest.raises(InternalError, match=problem):
        verify(dag, emit.write(dag))


def test_table_has_every_feature_and_refuses_a_cleanup_between_two_maps() -> None:
    assert set(TARGET.capabilities.features) == set(Feature)
    inner = each("inner", const("[1]"), call("a", "same", {"value": ir.Item(map="inner")}))
    nested = pipeline(each("outer", const("[1]"), inner), result=const("null"))
    assert TARGET.capabilities.flattens_maps
    assert not list(check(nested, TARGET.capabilities))
    span = inner.span
    cleanup = ir.Block(nodes=(call("b", "same", {"value": const("1")}),))
    guard = ir.Guard(id="guard", body=ir.Block(nodes=(inner,)), cleanup=cleanup, span=span)
    guarded = pipeline(each("outer", const("[1]"), guard), result=const("null"))
    (found,) = check(guarded, TARGET.capabilities)
    assert "put `try` around the outer loop" in found.hint


def test_the_catch_up_of_missed_runs_is_refused() -> None:
    schedule = Schedule(cron="0 3 * * *", catchup=True)
    settings = PipelineSettings(schedule=schedule)
    catching_up = pipeline(call("a", "same"), result=const("null"), settings=settings)
    (found,) = check(catching_up, TARGET.capabilities)
    assert (found.code, found.label) == ("HR501", "needs: catch-up of missed runs")


def test_limits_are_checked() -> None:
    compiled = pipeline(
        call("n" * 251, "same", {"value": const(f'"{"x" * 131_072}"')}),
        each("wide", const(json.dumps(list(range(1025)))), call("a", "same")),
        result=const("null"),
        parameters={"given": None},
        settings=PipelineSettings(schedule=Schedule(cron="0 3 * * *")),
    )
    codes = [diagnostic.code for diagnostic in TARGET.check(compiled)]
    assert codes == ["HR514", "HR510", "HR511", "HR512"]
    fine = pipeline(
        each("wide", const(json.dumps(list(range(1024)))), call("a", "same")), result=const("null")
    )
    assert list(TARGET.check(fine)) == []
