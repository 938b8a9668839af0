import copy
import json
import warnings
from typing import Any

import pytest
import yaml

import argo_schema
from argo_pipelines import (
    PIPELINES,
    chain,
    configured,
    shared_steps,
)
from argo_shim import Shim, decoded
from headrace.compiler import ir
from headrace.compiler.capabilities import Feature, Level, check, features_used
from headrace.compiler.settings import Schedule, StepSettings
from headrace.targets.argo import TARGET
from ir_interpreter import Interpreter, Scenario
from ir_nodes import (
    block,
    call,
    const,
    item,
    out,
    parameter,
    pipeline,
)
from models.argo import runs
from models.errors import RunStuck

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from hera.workflows import models as hera

RUN = {"lr": [0.5], "floor": 0.9, "unused": None, "let": [1.0, {"a": "x"}]}


def emitted(of: ir.Pipeline) -> dict[str, dict[str, Any]]:
    """The documents of the manifest, by kind."""
    documents = [yaml.safe_load(file.text) for file in TARGET.emit(of)]
    return {document["kind"]: document for document in documents}


def templates(of: ir.Pipeline) -> dict[str, dict[str, Any]]:
    return {t["name"]: t for t in emitted(of)["WorkflowTemplate"]["spec"]["templates"]}


@pytest.fixture(params=PIPELINES, name="each_pipeline")
def _each_pipeline(request: pytest.FixtureRequest) -> ir.Pipeline:
    name: str = request.param
    return PIPELINES[name]


def test_the_crds_of_argo_accept_every_object(each_pipeline: ir.Pipeline) -> None:
    for document in emitted(each_pipeline).values():
        assert argo_schema.errors(document) == []


def test_the_crds_refuse_what_is_not_there() -> None:
    document = emitted(chain())["WorkflowTemplate"]
    document["spec"]["templates"][0]["dag"]["tasks"][0]["depend"] = "x"
    document["spec"]["templates"][1]["container"]["args"] = "text"
    document["spec"]["nosuchfield"] = 1
    assert len(argo_schema.errors(document)) == 3


def test_the_models_of_hera_accept_every_object(each_pipeline: ir.Pipeline) -> None:
    for kind, document in emitted(each_pipeline).items():
        read = getattr(hera, kind).model_validate(document)
        assert read.metadata.name == each_pipeline.name


def test_nothing_is_found_against_the_pipelines_and_bytes_repeat(
    each_pipeline: ir.Pipeline,
) -> None:
    assert list(TARGET.check(each_pipeline)) == []
    assert TARGET.emit(each_pipeline) == TARGET.emit(copy.deepcopy(each_pipeline))


# --- what a run gives ----------------------------------------------------------------------------


SCENARIOS = [Scenario(c, i) for c in (True, False) for i in ((), (1.0, [2], "x"))]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_a_run_calls_and_returns_what_the_pipeline_means(
    each_pipeline: ir.Pipeline, scenario: Scenario
) -> None:
    shim = Shim(scenario)
    run = {p.name: RUN[p.name] for p in each_pipeline.parameters}
    texts = {name: json.dumps(value) for name, value in run.items()}
    result = runs.result(emitted(each_pipeline).values(), texts, shim)
    meant = Interpreter(each_pipeline, scenario, run)
    assert decoded(result) == meant.result
    assert sorted(shim.calls) == meant.calls


def test_a_parameter_without_a_default_must_be_given() -> None:
    with pytest.raises(RunStuck, match=r"Failed: invalid spec: spec.arguments.unused.value or"):
        runs.result(emitted(chain()).values(), {}, Shim(SCENARIOS[0]))


# --- how it reads --------------------------------------------------------------------------------


def test_calls_that_differ_in_values_share_a_template() -> None:
    found = templates(shared_steps())
    assert list(found) == ["digits", "train", "load-a", "load-b"]
    assert found["train"]["metadata"]["annotations"] == {
        "headrace.dev/source": "digits.py:10, digits.py:11"
    }
    assert found["train"]["container"]["args"] == [
        "--step=train",
        "--output=out=/tmp/headrace/outputs/out",
        "digits:train",
        "--size={{inputs.parameters.size}}",
    ]
    assert found["digits"]["dag"]["tasks"][0] == {
        "name": "train-small",
        "template": "train",
        "arguments": {"parameters": [{"name": "size", "value": "1"}]},
    }


def test_effects_are_ordered_and_nothing_ends_before_it_must() -> None:
    found = templates(PIPELINES["effects"])
    assert {t["name"]: t.get("depends") for t in found["digits"]["dag"]["tasks"]} == {
        "clean": None,
        "ingest": "clean.Succeeded",
        "pages": "clean.Succeeded && ingest.Succeeded",
        "good": "ingest.Succeeded && pages.Succeeded",
        "close": "pages.Succeeded && good.Succeeded",
    }
    assert all(t["dag"]["failFast"] is False for t in found.values() if "dag" in t)


def test_an_edit_of_the_code_changes_the_digest_only() -> None:
    before = chain()
    after = before.replace(code=before.code.replace(digest="sha256:0"))
    (old,), (new,) = TARGET.emit(before), TARGET.emit(after)
    changed = [
        (a.strip(), b.strip())
        for a, b in zip(old.text.splitlines(), new.text.splitlines(), strict=True)
        if a != b
    ]
    assert [b for _, b in changed] == ["headrace.dev/code: sha256:0", "value: sha256:0"]


def test_settings_reach_the_pod() -> None:
    train = templates(configured())["train"]
    quantities = {"cpu": "500m", "memory": "2Gi", "nvidia.com/gpu": "1"}
    assert train["container"]["resources"] == {"requests": quantities, "limits": quantities}
    assert train["container"]["env"] == [
        {"name": "PRICE", "value": "$$5 $$(HOME)"},
        {"name": "HEADRACE_DEVICES", "value": "nvidia.com/gpu:1"},
        {"name": "HEADRACE_CODE", "value": "{{workflow.parameters.headrace-code}}"},
        {"name": "HEADRACE_MODULES", "value": "digits,helpers.images"},
        {"name": "HEADRACE_STORE", "value": "{{workflow.parameters.headrace-store}}"},
    ]
    assert train["retryStrategy"] == {
        "limit": "3",
        "retryPolicy": "Always",
        "expression": "!(asInt(lastRetry.exitCode) in [64, 65])",
        "backoff": {"duration": "30s", "factor": "2", "cap": "600s"},
    }
    assert train["activeDeadlineSeconds"] == 3600
    assert train["nodeSelector"] == {"pool": "gpu"}
    assert train["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
    ]


def test_a_schedule_is_an_object_of_its_own() -> None:
    files = TARGET.emit(configured())
    assert [f.name for f in files] == [
        "nightly.workflowtemplate.yaml",
        "nightly.cronworkflow.yaml",
    ]
    assert yaml.safe_load(files[1].text)["spec"] == {
        "schedules": ["0 3 * * *"],
        "timezone": "Europe/Berlin",
        "concurrencyPolicy": "Replace",
        "startingDeadlineSeconds": 0,
        "suspend": False,
        "workflowSpec": {"workflowTemplateRef": {"name": "nightly"}},
    }


def test_names_that_argo_does_not_take_are_changed_and_stay_apart() -> None:
    found = templates(
        pipeline(
            call("load_all", _x=const("1"), let=const("2"), größe=const("3")),
            call("load_all_", id="load-all-2", x=out("load_all")),
            call("digits", x=out("load-all-2")),
            result=out("digits"),
        )
    )
    assert list(found) == ["digits", "load-all", "load-all-2", "digits-2"]
    names = [p["name"] for p in found["load-all"]["inputs"]["parameters"]]
    assert names == ["_x", "let", "gr_e"]
    assert "--größe={{inputs.parameters.gr_e}}" in found["load-all"]["container"]["args"]


def test_a_value_that_glue_reads_often_is_one_input() -> None:
    train = templates(PIPELINES["shared_glue"])["train"]
    assert [p["name"] for p in train["inputs"]["parameters"]] == ["lr", "lr_2", "data"]
    assert train["container"]["args"] == [
        "--step=train",
        "--output=out=/tmp/headrace/outputs/out",
        "--condition=condition:=result > lr",
        "--output=condition=/tmp/headrace/outputs/condition",
        "--value=top:=result[lr]",
        "--output=top=/tmp/headrace/outputs/top",
        "--let=lr={{inputs.parameters.lr_2}}",
        "--let=data={{inputs.parameters.data}}",
        "digits:train",
        "--lr={{inputs.parameters.lr}}",
        "--data:=data[lr]",
        "--size:=len(data)",
    ]


# --- limits --------------------------------------------------------------------------------------


def codes(of: ir.Pipeline) -> list[tuple[str, int]]:
    return [(d.code, d.span.line) for d in TARGET.check(of) if d.span and d.hint and d.label]


def test_a_name_is_measured() -> None:
    daily = Schedule(cron="0 3 * * *")
    assert codes(pipeline(name="a" * 63)) == []
    assert codes(pipeline(name="a" * 64)) == [("HR510", 1)]
    assert codes(pipeline(name="a" * 52, schedule=daily)) == []
    assert codes(pipeline(name="a" * 53, schedule=daily)) == [("HR510", 1)]
    assert codes(pipeline(call("f" * 128))) == []
    assert codes(pipeline(call("f" * 129, line=7))) == [("HR510", 7)]


def test_a_constant_is_measured_wherever_it_stands() -> None:
    large, fitting = const(json.dumps("x" * 130_000)), const(json.dumps("x" * 129_998))
    assert codes(pipeline(call("f", x=fitting))) == []
    assert codes(pipeline(call("f", x=large))) == [("HR511", 10)]
    assert codes(pipeline(parameters=[parameter("a", large.text)])) == [("HR511", 2)]
    assert codes(pipeline(result=large)) == [("HR511", 1)]
    each = ir.Map(
        id="m",
        items=const(json.dumps(["x" * 100_000] * 3)),
        body=block(call("f", x=item("m"))),
        span=chain().span,
    )
    assert codes(pipeline(each)) == []


def test_an_object_and_its_lists_are_measured() -> None:
    text = const(json.dumps("x" * 120_000))
    assert codes(pipeline(*(call("f", id=f"f-{i}", x=text) for i in range(8)))) == []
    assert codes(pipeline(*(call("f", id=f"f-{i}", x=text) for i in range(9)))) == [("HR511", 1)]
    inputs = [ir.Argument(name=f"p{i}", value=ir.Param(name=f"p{i}")) for i in range(501)]
    declared = [parameter(argument.name, "1") for argument in inputs]

    def taking(arguments: list[ir.Argument]) -> ir.Call:
        return call("f").replace(arguments=tuple(arguments))

    assert codes(pipeline(taking(inputs[:500]), parameters=declared)) == []
    both = {("HR512", 1), ("HR512", 10)}
    assert {*codes(pipeline(taking(inputs), parameters=declared))} == both


def test_an_environment_that_argo_would_change_is_refused() -> None:
    settings = StepSettings(image="i", env={"A": "{{b}}"})
    assert codes(pipeline(call("f", settings=settings))) == [("HR513", 1)]


def test_a_schedule_needs_a_default_for_every_parameter() -> None:
    schedule = Schedule(cron="0 3 * * *")
    wanting = pipeline(parameters=[parameter("a")], schedule=schedule)
    assert codes(wanting) == [("HR514", 2)]
    assert codes(pipeline(parameters=[parameter("a", "1")], schedule=schedule)) == []


def test_the_catch_up_of_missed_runs_is_refused() -> None:
    catching_up = pipeline(schedule=Schedule(cron="0 3 * * *", catchup=True))
    (found,) = check(catching_up, TARGET.capabilities)
    assert (found.code, found.label) == ("HR501", "needs: catch-up of missed runs")
    plain = pipeline(schedule=Schedule(cron="0 3 * * *"))
    assert not list(check(plain, TARGET.capabilities))


def test_every_feature_is_in_the_table_with_its_source() -> None:
    table = TARGET.capabilities.features
    assert set(table) == set(Feature)
    assert all(s.how and s.reference.startswith("https://") for s in table.values())
    assert all(s.since or s.level is Level.REFUSED for s in table.values())
    used = {feature for p in PIPELINES.values() for feature, _ in features_used(p)}
    # Placements need these; test_placement.py has them.
    placed = {Feature.NODE_AFFINITY, Feature.SHARED_MEMORY}
    placed |= {Feature.RUNTIME_CLASS, Feature.RESOURCE_CLAIM, Feature.HOSTS}
    assert set(Feature) - used == {Feature.CATCHUP, *placed}
