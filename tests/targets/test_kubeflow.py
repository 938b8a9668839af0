import copy
import json
from typing import Any

import pytest
import yaml

from argo_pipelines import (
    PIPELINES,
    chain,
    configured,
    shared_steps,
)
from headrace.compiler import capabilities, dataflow, ir
from headrace.compiler.capabilities import Feature, Level, features_used
from headrace.compiler.settings import Retries, Schedule, StepSettings, Toleration, Volume
from headrace.targets.kubeflow import TARGET
from ir_interpreter import Interpreter, Scenario
from ir_nodes import (
    block,
    branch,
    call,
    const,
    each,
    gather,
    item,
    items,
    merge,
    out,
    parameter,
    pipeline,
)
from kubeflow_shim import Shim, decoded
from models.errors import RunStuck
from models.kubeflow.backend import Model

RUN = {"lr": [0.5], "floor": 0.9, "unused": None, "let": [1.0, {"a": "x"}]}


def _placed_condition_in_a_body() -> ir.Pipeline:
    """A loop and a branch that read what also steers them, in the body of a loop."""
    look = call("look", row=item("rows"), outputs=[items("result"), _condition("result")])
    inner = each(
        "cells",
        out("look", "items"),
        call("train", cell=item("cells"), row=item("rows"), all=out("look", "items")),
        y=out("train"),
    )
    test = out("look", "condition")
    taken = call("keep", why=test, cells=gather("cells", "y"), row=item("rows"))
    arm = branch("good", test, [inner, taken], [], kept=(out("keep"), test))
    return pipeline(
        each("rows", const('["a", "b"]'), look, arm, kept=merge("good", "kept"), row=item("rows")),
        result=gather("rows", "kept"),
    )


def _condition(source: str) -> ir.OutputSpec:
    return ir.OutputSpec(name="condition", role="condition", expression=ir.Glue(source=source))


def _clashing_names() -> ir.Pipeline:
    """Names that the engine makes others of, and inputs called as those of the target's own."""
    over = out("each-driver", "items")
    return pipeline(
        call("each", condition=const("1"), items=const("2")),
        call("each-driver", item=out("each"), outputs=[items("result")]),
        each("each-2", over, call("item", condition=item("each-2"), items=over), out=out("item")),
        result=gather("each-2"),
    )


CASES = {name: p for name, p in PIPELINES.items() if name != "empty"} | {
    "placed_condition_in_a_body": _placed_condition_in_a_body(),
    "clashing_names": _clashing_names(),
}


@pytest.fixture(params=CASES, name="each_pipeline")
def _each_pipeline(request: pytest.FixtureRequest) -> ir.Pipeline:
    name: str = request.param
    return CASES[name]


def documents(of: ir.Pipeline) -> tuple[dict[str, Any], dict[str, Any]]:
    """The specification and the platform of the manifest."""
    spec, platform = yaml.safe_load_all(TARGET.emit(of)[0].text)
    return spec, platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]


def container(of: ir.Pipeline, name: str) -> dict[str, Any]:
    executors = documents(of)[0]["deploymentSpec"]["executors"]
    found: dict[str, Any] = executors[f"exec-{name}"]["container"]
    return found


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
    spec, _ = documents(each_pipeline)
    shim = Shim(spec, scenario)
    run = {p.name: RUN[p.name] for p in each_pipeline.parameters}
    result = Model(spec, shim).run(**{name: json.dumps(value) for name, value in run.items()})
    meant = Interpreter(each_pipeline, scenario, run)
    assert (None if result is None else decoded(result)) == meant.result
    assert sorted(shim.calls) == meant.calls


def test_a_parameter_without_a_default_must_be_given() -> None:
    spec, _ = documents(chain())
    with pytest.raises(RunStuck, match="HTTP 400"):
        Model(spec, Shim(spec, SCENARIOS[0])).run()


# --- how it reads --------------------------------------------------------------------------------


def test_a_step_is_a_command_that_a_reviewer_can_read() -> None:
    assert container(chain(), "train") == {
        "image": "ghcr.io/acme/digits:1",
        "command": ["headrace-step"],
        "args": [
            "--store={{$.inputs.parameters['headrace-store']}}",
            "--step=train",
            "--output=out={{$.outputs.parameters['out'].output_file}}",
            "digits:train",
            "--data={{$.inputs.parameters['data']}}",
            "--lr={{$.inputs.parameters['lr']}}",
        ],
        "env": [
            {"name": "HEADRACE_CODE", "value": "sha256:" + "ab" * 32},
            {"name": "HEADRACE_MODULES", "value": "digits,helpers.images"},
        ],
    }
    spec, platform = documents(chain())
    assert spec["pipelineInfo"]["description"].endswith(
        f"Compiled from digits:pipeline (digits.py:1), code sha256:{'ab' * 32}."
    )
    source = platform["exec-train"]["podMetadata"]["annotations"]["headrace.dev/source"]
    assert source == "digits.py:11"


def test_no_two_steps_share_a_container() -> None:
    executors = documents(shared_steps())[0]["deploymentSpec"]["executors"]
    assert list(executors) == ["exec-train-small", "exec-train-large", "exec-load-a", "exec-load-b"]
    assert len({json.dumps(e) for e in executors.values()}) == 4


def test_nothing_is_cached_and_effects_are_ordered() -> None:
    spec, _ = documents(PIPELINES["effects"])
    tasks = spec["root"]["dag"]["tasks"]
    assert {name: task.get("dependentTasks") for name, task in tasks.items()} == {
        "clean": None,
        "ingest": ["clean"],
        "pages": ["clean", "ingest"],
        "good": ["ingest", "pages"],
        "close": ["pages", "good"],
    }
    dags = [spec["root"], *(c for c in spec["components"].values() if "dag" in c)]
    every = [task for dag in dags for task in dag["dag"]["tasks"].values()]
    assert all(task["cachingOptions"] == {"enableCache": False} for task in every)


def test_a_result_that_no_step_makes_is_recorded_by_one() -> None:
    spec, _ = documents(PIPELINES["parameter_result"])
    assert spec["root"]["dag"]["outputs"]["parameters"]["result"] == {
        "valueFromParameter": {"producerSubtask": "result", "outputParameterKey": "result"}
    }
    assert "outputDefinitions" not in documents(PIPELINES["effects"])[0]["root"]


def test_added_steps_have_what_the_defaults_give_every_pod_and_no_devices() -> None:
    volumes = {"/store": Volume(pvc="artifacts")}
    defaults = SETTINGS.replace(volumes=volumes, accelerator="h100:8", shared_memory="1Gi")
    compiled = PIPELINES["map_in_branch"].replace(defaults=defaults)
    spec, platform = documents(compiled)
    steps = {f"exec-{node.id}" for node in dataflow.walk(compiled.body)}
    added = spec["deploymentSpec"]["executors"].keys() - steps
    assert len(added) > 1
    for label in added:
        config = platform[label]
        assert [each["mountPath"] for each in config["pvcMount"]] == ["/store"]
        assert config["nodeSelector"] == {"labels": {"pool": "gpu"}}
        assert "emptyDirMounts" not in config
        container = spec["deploymentSpec"]["executors"][label]["container"]
        assert container["image"] == "ghcr.io/acme/digits:1"
        assert container["resources"]["resourceMemoryLimit"] == "2Gi"
        assert "accelerator" not in container["resources"]


def test_an_added_step_asks_for_no_device_and_no_machine_by_name() -> None:
    asking = StepSettings(
        image="i",
        accelerator="h100:8",
        resource_claim=True,
        network="rdma:8",
        spot=True,
        flex_start=True,
        compute_class="gpus",
        zones=("a",),
        reservation="r",
        machine_type="m",
        machine_family="f",
        hosts=4,
        memory="1Gi",
    )
    assert asking.asks_by_name
    assert asking.for_added_step(asking) == StepSettings(image="i", memory="1Gi")


SETTINGS = StepSettings(
    image="ghcr.io/acme/digits@sha256:" + "cd" * 32,
    cpu="500m",
    memory="2Gi",
    resources={"nvidia.com/gpu": "1"},
    env={"PRICE": "$5 $(HOME)"},
    retries=Retries(limit=3, delay=30, max_delay=20),
    timeout=3600,
    node_selector={"pool": "gpu"},
    tolerations=(
        Toleration(
            key="nvidia.com/gpu", operator="Exists", effect="NoExecute", toleration_seconds=9
        ),
    ),
)


def test_settings_reach_the_pod() -> None:
    compiled = pipeline(call("train", settings=SETTINGS), store="s3://acme-ml/digits")
    box = container(compiled, "train")
    assert box["resources"] == {
        "resourceCpuRequest": "500m",
        "resourceCpuLimit": "500m",
        "resourceMemoryRequest": "2Gi",
        "resourceMemoryLimit": "2Gi",
        "accelerator": {"resourceType": "nvidia.com/gpu", "resourceCount": "1"},
    }
    assert box["env"] == [
        {"name": "PRICE", "value": "$$5 $$(HOME)"},
        {"name": "HEADRACE_DEVICES", "value": "nvidia.com/gpu:1"},
        {"name": "HEADRACE_CODE", "value": "sha256:" + "ab" * 32},
        {"name": "HEADRACE_MODULES", "value": "digits,helpers.images"},
        {"name": "HEADRACE_STORE", "value": "s3://acme-ml/digits"},
    ]
    spec, platform = documents(compiled)
    assert platform["exec-train"] == {
        "podMetadata": {"annotations": {"headrace.dev/source": "digits.py:10"}},
        "nodeSelector": {"labels": {"pool": "gpu"}},
        "tolerations": [
            {
                "key": "nvidia.com/gpu",
                "operator": "Exists",
                "effect": "NoExecute",
                "tolerationSeconds": 9,
            }
        ],
        "activeDeadlineSeconds": "3600",
    }
    task = spec["root"]["dag"]["tasks"]["train"]
    assert task["retryPolicy"] == {
        "maxRetryCount": 3,
        "backoffDuration": "20s",
        "backoffFactor": 1,
        "backoffMaxDuration": "31536000s",
    }
    assert "headrace-store" not in TARGET.emit(compiled)[0].text


def test_a_schedule_is_a_file_of_its_own() -> None:
    daily = Schedule(cron="0 3 * * 1-5", catchup=True, overlap="allow")
    compiled = pipeline(call("train"), name="nightly", schedule=daily)
    files = TARGET.emit(compiled)
    assert [f.name for f in files] == ["nightly.yaml", "nightly.recurring-run.yaml"]
    assert yaml.safe_load(files[1].text) == {
        "job_name": "nightly",
        "description": f"{compiled.doc}\n\nCompiled from {compiled.function} ({compiled.span}), "
        f"code {compiled.code.digest}.",
        "pipeline_package_path": "nightly.yaml",
        "cron_expression": "0 0 3 * * 1-5",
        "max_concurrency": 10,
        "no_catchup": False,
        "enabled": True,
        "enable_caching": False,
    }


def test_names_that_kubeflow_does_not_take_are_changed_and_stay_apart() -> None:
    compiled = pipeline(
        call("load_all", _x=const("1"), größe=ir.Param(name="größe"), gr_e=ir.Param(name="b")),
        call("load_all_", id="load-all-2", x=out("load_all")),
        result=out("load-all-2"),
        parameters=[parameter("größe"), parameter("b")],
    )
    spec, _ = documents(compiled)
    assert set(spec["components"]) == {"comp-load-all", "comp-load-all-2"}
    assert set(spec["root"]["inputDefinitions"]["parameters"]) == {"größe", "b", "headrace-store"}
    arguments = container(compiled, "load-all")["args"]
    assert "--größe={{$.inputs.parameters['gr_e']}}" in arguments
    assert "--gr_e={{$.inputs.parameters['gr_e_2']}}" in arguments


def test_a_name_that_the_engine_derives_is_not_taken_twice() -> None:
    spec, _ = documents(pipeline(call("load"), call("load_driver", id="load-driver")))
    assert list(spec["root"]["dag"]["tasks"]) == ["load", "load-driver-2"]


# --- limits --------------------------------------------------------------------------------------


def codes(of: ir.Pipeline) -> list[tuple[str, int]]:
    return [(d.code, d.span.line) for d in TARGET.check(of) if d.span and d.hint and d.label]


def test_a_pipeline_without_a_step_is_refused() -> None:
    assert codes(PIPELINES["empty"]) == [("HR501", 1)]


def test_a_name_is_measured() -> None:
    assert codes(pipeline(call("f"), name="a" * 128)) == []
    assert codes(pipeline(call("f"), name="a" * 129)) == [("HR510", 1)]
    assert codes(pipeline(call("f" * 116))) == []
    assert codes(pipeline(call("f" * 117, line=7))) == [("HR510", 7)]


def test_a_text_is_measured_wherever_it_stands() -> None:
    large, fitting = const(json.dumps("x" * 130_000)), const(json.dumps("x" * 129_000))
    assert codes(pipeline(call("f", x=fitting))) == []
    assert codes(pipeline(call("f", x=large))) == [("HR511", 10)]
    assert codes(pipeline(call("f"), result=large)) == [("HR511", 1)]
    longest = const(json.dumps("x" * 9_998)).text
    assert codes(pipeline(call("f"), parameters=[parameter("a", longest)])) == []
    assert codes(pipeline(call("f"), parameters=[parameter("a", longest + " ")])) == [("HR511", 2)]
    loop = ir.Map(
        id="m",
        items=const(json.dumps(["x" * 50_000] * 3)),
        body=block(call("f", x=item("m"))),
        span=chain().span,
    )
    assert codes(pipeline(loop)) == [("HR511", 1)]


def test_a_component_and_the_whole_are_measured() -> None:
    many = [call("f", id=f"f-{i}") for i in range(700)]
    assert codes(pipeline(*many)) == [("HR511", 1)]
    text = const(json.dumps("x" * 120_000))
    assert codes(pipeline(*(call("f", id=f"f-{i}", x=text) for i in range(8)))) == []
    assert codes(pipeline(*(call("f", id=f"f-{i}", x=text) for i in range(9)))) == [("HR511", 1)]


def test_what_kubeflow_cannot_give_a_pod_is_refused() -> None:
    gpu = {"nvidia.com/gpu": "1"}
    settings = StepSettings(image="i", resources=gpu, ephemeral_storage="5Gi", env={"A": "{{b}}"})
    found = list(TARGET.check(pipeline(call("f", settings=settings))))
    assert [d.code for d in found] == ["HR501", "HR513"]
    assert "ephemeral-storage and nvidia.com/gpu" in found[0].message


def test_a_schedule_needs_a_default_for_every_parameter() -> None:
    daily = Schedule(cron="0 3 * * *")
    assert codes(pipeline(call("f"), parameters=[parameter("a")], schedule=daily)) == [("HR514", 2)]
    assert codes(pipeline(call("f"), parameters=[parameter("a", "1")], schedule=daily)) == []


def test_what_the_table_refuses_is_an_error() -> None:
    found = list(capabilities.check(configured(), TARGET.capabilities))
    assert {d.label.removeprefix("needs: ") for d in found} == {
        Feature.RETRY_BACKOFF.value,
        Feature.TIMEZONE.value,
        Feature.OVERLAP_REPLACE.value,
        Feature.HOST_PATHS.value,
        Feature.SERVICE_ACCOUNT.value,
        Feature.PRIORITY_CLASS.value,
        Feature.SCHEDULER.value,
    }


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
