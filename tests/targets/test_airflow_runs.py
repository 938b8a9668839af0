"""DAG files as Airflow itself runs them: `dag.test()`, with each pod as a process."""

import json
from pathlib import Path

import pytest

import airflow_local
from airflow_cases import (
    DIGEST,
    HAZARDS,
    PLAIN,
    STEPS,
    branch,
    call,
    condition,
    const,
    each,
    everything,
    glue,
    items,
    out,
    pipeline,
    value,
)
from headrace.compiler import ir
from headrace.compiler.settings import PipelineSettings, Retries, Schedule, Toleration
from headrace.runtime import wire
from headrace.targets.airflow import TARGET

pytestmark = pytest.mark.airflow


def start(
    tmp_path: Path, compiled: ir.Pipeline, parameters: dict[str, str] | None = None
) -> airflow_local.Outcome:
    """Compile and run a pipeline whose steps are those of the cases."""
    (tmp_path / "flow.py").write_text(STEPS, encoding="utf-8")
    (file,) = TARGET.emit(compiled)
    (tmp_path / "dags").mkdir(exist_ok=True)
    dag_file = tmp_path / "dags" / file.name
    dag_file.write_text(file.text, encoding="utf-8")
    return airflow_local.run(dag_file, parameters or {}, tmp_path)


def result(outcome: airflow_local.Outcome) -> object:
    assert outcome.state == "success", outcome.log
    assert outcome.result is not None
    return wire.decode(outcome.result)


def test_chain_of_tuple_outputs_and_glue(tmp_path: Path) -> None:
    compiled = pipeline(
        call(
            "split",
            "pair",
            {"first": const("12345678901234567890123"), "second": ir.Param(name="rate")},
            value("left", "result[0]"),
            value("right", "result[1]"),
        ),
        call("swap", "both", {"left": out("split", "right"), "right": out("split", "left")}),
        call("text", "same", {"value": glue("f'{a} of {b}'", a=out("swap"), b=const("3.0"))}),
        call("all", "both", {"left": out("split"), "right": out("text")}),
        result=out("all"),
        parameters={"rate": "1e-5"},
    )
    expected = [(12345678901234567890123, 0.5), "[0.5, 12345678901234567890123] of 3.0"]
    assert result(start(tmp_path, compiled, {"rate": "0.5"})) == expected


def test_hazardous_texts_arrive_unchanged(tmp_path: Path) -> None:
    texts = wire.encode(list(HAZARDS))
    as_people_write = json.dumps(HAZARDS, ensure_ascii=False)
    listed = items("rows", "result")
    compiled = pipeline(
        call("constant", "same", {"value": const(texts)}, listed),
        call("parameter", "same", {"value": ir.Param(name="texts")}),
        call("formatted", "same", {"value": glue("f'{t}'", t=ir.Param(name="text"))}),
        each(
            "fixed",
            const(texts),
            call("one", "same", {"value": ir.Item(map="fixed")}),
            y=out("one"),
        ),
        each(
            "made",
            out("constant", "rows"),
            call("two", "pair", {"first": ir.Item(map="made"), "second": ir.Param(name="text")}),
            x=ir.Item(map="made"),
            y=out("two"),
        ),
        call("test", "same", {"value": ir.Param(name="text")}, condition("no", "False")),
        branch("arm", out("test", "no"), p=(const("1"), ir.Param(name="texts"))),
        branch("other", out("test", "no"), c=(const("1"), const(texts))),
        call(
            "collect",
            "everything",
            {
                "constant": out("constant"),
                "parameter": out("parameter"),
                "formatted": out("formatted"),
                "fixed": ir.Gather(map="fixed", name="y"),
                "items": ir.Gather(map="made", name="x"),
                "pairs": ir.Gather(map="made", name="y"),
                "merged_parameter": ir.Merge(branch="arm", name="p"),
                "merged_constant": ir.Merge(branch="other", name="c"),
            },
        ),
        result=out("collect"),
        parameters={"texts": None, "text": None},
    )
    text = "".join(HAZARDS)
    parameters = {"texts": as_people_write, "text": json.dumps(text)}
    found = result(start(tmp_path, compiled, parameters))
    every = list(HAZARDS)
    assert found == {
        "constant": every,
        "parameter": every,
        "formatted": text,
        "fixed": every,
        "items": every,
        "pairs": [(hazard, text) for hazard in every],
        "merged_parameter": every,
        "merged_constant": every,
    }


def chosen(a: str, b: str) -> ir.Pipeline:
    """Build `if a: (if b: x = 1 then z) else: x = 3`, all arms with steps, and what follows."""
    inner = branch(
        "inner",
        out("ask-b", "yes"),
        (call("first", "same", {"value": const("1")}),),
        (call("second", "same", {"value": const("2")}),),
        x=(out("first"), out("second")),
    )
    after = call(
        "third", "both", {"left": ir.Merge(branch="inner", name="x"), "right": out("begin")}
    )
    compiled = pipeline(
        call("ask-a", "same", {"value": const(a)}, condition("yes", "result")),
        call("ask-b", "same", {"value": const(b)}, condition("yes", "result")),
        branch(
            "outer",
            out("ask-a", "yes"),
            (call("begin", "same", {"value": const('"begin"')}), inner, after),
            (call("last", "same", {"value": const("3")}),),
            x=(ir.Merge(branch="inner", name="x"), out("last")),
            y=(out("third"), const("null")),
        ),
        call(
            "end",
            "both",
            {
                "left": ir.Merge(branch="outer", name="x"),
                "right": ir.Merge(branch="outer", name="y"),
            },
        ),
        result=out("end"),
    )
    return compiled


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("true", "true", [1, [1, "begin"]]),
        ("true", "false", [2, [2, "begin"]]),
        ("false", "true", [3, None]),
        ("false", "false", [3, None]),
    ],
)
def test_branch_in_branch(tmp_path: Path, a: str, b: str, expected: object) -> None:
    assert result(start(tmp_path, chosen(a, b))) == expected


def trained(over: ir.Value) -> ir.Pipeline:
    return pipeline(
        call("list", "same", {"value": ir.Param(name="xs")}, items("rows", "result")),
        each(
            "models",
            over,
            call("train", "pair", {"first": ir.Item(map="models"), "second": out("list", "rows")}),
            call("score", "count", {"value": out("train")}, condition("fine", "result == 2")),
            model=out("train"),
            score=out("score", "fine"),
            item=ir.Item(map="models"),
            seven=const("7"),
        ),
        call("after", "same", {"value": const("1")}, after=("models",)),
        call(
            "pick",
            "everything",
            {
                name: ir.Gather(map="models", name=name)
                for name in ("model", "score", "item", "seven")
            },
        ),
        call("alone", "same", {"value": ir.Gather(map="models", name="item")}),
        call("end", "both", {"left": out("pick"), "right": out("after")}),
        result=out("end"),
        parameters={"xs": "[]"},
    )


@pytest.mark.parametrize("xs", [["a", "b", "c"], [[]], []])
@pytest.mark.parametrize("fixed", [True, False])
def test_map_gathers_in_order(tmp_path: Path, xs: list[object], fixed: bool) -> None:
    over = const(json.dumps(xs)) if fixed else out("list", "rows")
    found = result(start(tmp_path, trained(over), {"xs": json.dumps(xs)}))
    gathered = {
        "model": [(x, xs) for x in xs],
        "score": [True for _ in xs],
        "item": xs,
        "seven": [7 for _ in xs],
    }
    assert found == [gathered, 1]


def test_branch_in_map(tmp_path: Path) -> None:
    compiled = pipeline(
        call("flag", "same", {"value": const("true")}, condition("on", "result")),
        each(
            "rows",
            const("[5, 0, 7, 0]"),
            call("ask", "same", {"value": ir.Item(map="rows")}, condition("big", "result > 1")),
            branch(
                "size",
                out("ask", "big"),
                (
                    call("up", "same", {"value": ir.Item(map="rows")}),
                    call("more", "both", {"left": out("up"), "right": out("flag")}),
                ),
                (
                    call("down", "same", {"value": const('"small"')}),
                    branch(
                        "global",
                        out("flag", "on"),
                        (call("seen", "same", {"value": out("down")}),),
                        z=(out("seen"), const("0")),
                    ),
                ),
                x=(out("more"), ir.Merge(branch="global", name="z")),
            ),
            call("next", "same", {"value": ir.Merge(branch="size", name="x")}),
            x=ir.Merge(branch="size", name="x"),
            y=out("next"),
        ),
        call(
            "end",
            "both",
            {"left": ir.Gather(map="rows", name="x"), "right": ir.Gather(map="rows", name="y")},
        ),
        result=out("end"),
    )
    expected = [[5, True], "small", [7, True], "small"]
    assert result(start(tmp_path, compiled)) == [expected, expected]


@pytest.mark.parametrize(
    ("taken", "expected"), [(True, [[[1, 2], 0], [[1, "s"], [2, "s"]]]), (False, [None, []])]
)
def test_map_in_branch(tmp_path: Path, taken: bool, expected: object) -> None:
    listed = call("list", "same", {"value": const("[1, 2]")}, items("rows", "result"))
    over = each(
        "turns",
        out("list", "rows"),
        call("turn", "same", {"value": ir.Item(map="turns")}, condition("odd", "result % 2")),
        call("pair-up", "both", {"left": ir.Item(map="turns"), "right": const('"s"')}),
        branch(
            "odd",
            out("turn", "odd"),
            (call("hit", "same", {"value": out("turn")}),),
            h=(out("hit"), out("turn")),
        ),
        x=ir.Merge(branch="odd", name="h"),
        p=out("pair-up"),
    )
    fixed = each("none", const("[]"), call("never", "same", {"value": const("1")}), n=out("never"))
    total = call("total", "count", {"value": ir.Gather(map="none", name="n")})
    joined = call(
        "joined", "both", {"left": ir.Gather(map="turns", name="x"), "right": out("total")}
    )
    compiled = pipeline(
        call("ask", "same", {"value": const(json.dumps(taken))}, condition("yes", "result")),
        branch(
            "arm",
            out("ask", "yes"),
            (listed, over, fixed, total, joined),
            j=(out("joined"), const("null")),
            g=(ir.Gather(map="turns", name="p"), const("[]")),
        ),
        call(
            "end",
            "both",
            {"left": ir.Merge(branch="arm", name="j"), "right": ir.Merge(branch="arm", name="g")},
        ),
        result=out("end"),
    )
    assert result(start(tmp_path, compiled)) == expected


def test_effects_keep_their_order(tmp_path: Path) -> None:
    def note(id_: str, after: str | None, text: ir.Value | None = None) -> ir.Call:
        given = const(json.dumps(id_)) if text is None else text
        return call(id_, "note", {"text": given}, after=(after,) if after else ())

    compiled = pipeline(
        call("z-ask", "same", {"value": const("false")}, condition("yes", "result")),
        note("z-one", None),
        branch(
            "arms",
            out("z-ask", "yes"),
            (note("never", None),),
            (note("y-two", None),),
            after=("z-one",),
        ),
        branch("empty", out("z-ask", "yes"), (note("x-never", None),), after=("arms",)),
        each(
            "loop",
            const('["x-three"]'),
            note("x-three", None, ir.Item(map="loop")),
            after=("empty",),
        ),
        each("nothing", const("[]"), note("w-never", None), after=("loop",)),
        note("b-four", "nothing"),
        note("a-five", "b-four"),
        result=const("null"),
    )
    assert result(start(tmp_path, compiled)) is None
    notes = (tmp_path / "notes.txt").read_text().split()
    assert notes == ["z-one", "y-two", "x-three", "b-four", "a-five"]


def test_failing_step_fails_the_run(tmp_path: Path) -> None:
    compiled = pipeline(
        call("good", "same", {"value": const("1")}),
        call("bad", "fail", {"value": const("1")}),
        call("end", "same", {"value": out("bad")}),
        result=out("good"),
    )
    outcome = start(tmp_path, compiled)
    assert outcome.state == "failed"
    assert outcome.result is None
    assert outcome.tasks == {
        "good": "success",
        "bad": "failed",
        "end": "upstream_failed",
        "pipeline-result": "upstream_failed",
    }


def test_skipped_task_hides_no_failure(tmp_path: Path) -> None:
    """`never` is skipped, as `arm` was, long before `bad` runs: only the last task sees that."""
    compiled = pipeline(
        call("ask", "same", {"value": const("false")}, condition("yes", "result")),
        call("slow", "same", {"value": out("ask")}),
        call("slower", "same", {"value": out("slow")}),
        call("bad", "fail", {"value": out("slower")}),
        branch(
            "if",
            out("ask", "yes"),
            (
                call("arm", "same", {"value": const("1")}),
                call("never", "both", {"left": out("arm"), "right": out("bad")}),
            ),
        ),
        result=const("1"),
    )
    outcome = start(tmp_path, compiled)
    assert outcome.tasks["never"] == "skipped"
    assert outcome.tasks["bad"] == "failed"
    assert outcome.state == "failed"


def test_failing_item_fails_the_run_and_spares_the_others(tmp_path: Path) -> None:
    compiled = pipeline(
        each(
            "turns",
            const('["ab", 7, "c"]'),
            call("turn", "count", {"value": ir.Item(map="turns")}),
            call("next", "same", {"value": out("turn")}),
            n=out("next"),
        ),
        call("end", "same", {"value": ir.Gather(map="turns", name="n")}),
        result=out("end"),
    )
    outcome = start(tmp_path, compiled)
    assert outcome.state == "failed"
    states = [outcome.tasks[f"next[{index}]"] for index in range(3)]
    assert states == ["success", "upstream_failed", "success"]
    assert outcome.tasks["end"] == "upstream_failed"


@pytest.mark.parametrize(("digest", "attempts"), [(DIGEST, 3), ("sha256:" + "f" * 64, 1)])
def test_retries_are_for_faults_that_may_pass(tmp_path: Path, digest: str, attempts: int) -> None:
    """The wrong digest ends a step with 64, which another attempt would not change."""
    settings = PLAIN.replace(retries=Retries(limit=2, delay=0))
    compiled = pipeline(
        call("bad", "fail", {"value": const("1")}, settings=settings),
        result=out("bad"),
        digest=digest,
    )
    outcome = start(tmp_path, compiled)
    assert outcome.state == "failed"
    assert len(outcome.pods) == attempts


def test_settings_reach_the_pod(tmp_path: Path) -> None:
    environment = {f"HAZARD_{index}": hazard for index, hazard in enumerate(HAZARDS)}
    settings = PLAIN.replace(
        cpu="500m",
        memory="1Gi",
        resources={"example.com/thing": "2"},
        env=environment,
        node_selector={"disk": "ssd"},
        tolerations=(
            Toleration(key="gpu", value="a", effect="NoSchedule"),
            Toleration(key="spot", operator="Exists", toleration_seconds=30, effect="NoExecute"),
        ),
        timeout=60,
    )
    compiled = pipeline(
        *(
            call(f"read-{i}", "environment", {"name": const(f'"HAZARD_{i}"')}, settings=settings)
            for i in (0, 4, 10)
        ),
        call("bare", "same", {"value": const("1")}),
        result=out("read-4"),
        settings=PipelineSettings(store="file:///store/$(HOME)"),
    )
    outcome = start(tmp_path, compiled)
    assert result(outcome) == "$(HOME)"
    pods = {pod["task"]: pod for pod in outcome.pods}
    pod, bare = pods["read-4"], pods["bare"]
    assert "resources" not in bare["specification"]["containers"][0]
    found = {k: v for k, v in pod["environment"].items() if k.startswith("HAZARD_")}
    assert found == environment
    assert pod["environment"]["HEADRACE_STORE"] == "file:///store/$(HOME)"
    assert pod["environment"]["HEADRACE_MODULES"] == "flow"
    specification = pod["specification"]
    amounts = {"cpu": "500m", "memory": "1Gi", "example.com/thing": "2"}
    container = specification["containers"][0]
    assert container["resources"] == {"requests": amounts, "limits": amounts}
    assert container["image"] == "ghcr.io/acme/flow:1"
    assert specification["nodeSelector"] == {"disk": "ssd"}
    assert specification["tolerations"] == [
        {"key": "gpu", "operator": "Equal", "value": "a", "effect": "NoSchedule"},
        {"key": "spot", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30},
    ]


def test_file_with_everything_is_imported_and_serialised(tmp_path: Path) -> None:
    (file,) = TARGET.emit(everything())
    (tmp_path / file.name).write_text(file.text, encoding="utf-8")
    loaded = airflow_local.load(tmp_path)
    assert loaded["errors"] == {}
    tasks = [task["__var"] for task in loaded["dags"]["flow-line"]["dag"]["tasks"]]
    assert {task["task_id"] for task in tasks} >= {"list", "turns-list", "up", "pipeline-result"}


def test_dag_as_airflow_keeps_it(tmp_path: Path) -> None:
    settings = PLAIN.replace(retries=Retries(limit=2, delay=5, factor=3, max_delay=60), timeout=90)
    schedule = Schedule(cron="0 3 * * *", timezone="Europe/Berlin", overlap="forbid")
    compiled = pipeline(
        call("a", "same", {"value": ir.Param(name="n")}, settings=settings),
        result=out("a"),
        parameters={"n": "[1, 2]"},
        settings=PipelineSettings(schedule=schedule),
    )
    (file,) = TARGET.emit(compiled)
    (tmp_path / file.name).write_text(file.text, encoding="utf-8")
    loaded = airflow_local.load(tmp_path)
    assert loaded["errors"] == {}
    dag = loaded["dags"]["flow-line"]["dag"]
    assert dag["max_active_runs"] == 1
    assert dag["catchup"] is False
    assert dag["timetable"]["__type"].endswith("CronTriggerTimetable")
    assert dag["is_paused_upon_creation"] is False
    assert dag["timetable"]["__var"]["expression"] == "0 3 * * *"
    assert dag["timetable"]["__var"]["timezone"] == "Europe/Berlin"
    task = dag["tasks"][0]["__var"]
    assert task["retries"] == 2
    assert task["retry_delay"] == 5.0
    assert task["max_retry_delay"] == 60.0
    assert task["retry_exponential_backoff"] == 3.0
    assert task["execution_timeout"] == 90.0
