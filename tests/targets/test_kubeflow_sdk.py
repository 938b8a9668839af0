"""What the SDK of Kubeflow says of the manifests, and what their containers do in podman."""

import inspect
import json
from pathlib import Path

import pytest
import yaml

import kubeflow_local
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
    glue,
    items,
    out,
    pipeline,
    value,
)
from argo_pipelines import PIPELINES
from headrace.compiler import ir
from headrace.compiler.settings import PipelineSettings, Schedule, Toleration
from headrace.runtime import wire
from headrace.targets.kubeflow import TARGET

pytestmark = pytest.mark.kubeflow

CASES = [name for name in PIPELINES if name != "empty"]


@pytest.mark.parametrize("name", CASES)
def test_the_sdk_loads_every_manifest(name: str) -> None:
    from kfp import components

    text = TARGET.emit(PIPELINES[name])[0].text
    spec, platform = yaml.safe_load_all(text)
    loaded = components.load_component_from_text(text)
    assert loaded.name == spec["pipelineInfo"]["name"]
    assert kubeflow_local.parsed(spec) == loaded.pipeline_spec
    labels = loaded.platform_spec.platforms["kubernetes"].deployment_spec.executors
    assert set(labels) == set(platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"])


def test_the_messages_of_the_platform_know_every_field() -> None:
    from google.protobuf import json_format
    from kfp.kubernetes import kubernetes_executor_config_pb2 as messages

    settings = PLAIN.replace(
        timeout=90,
        node_selector={"disk": "ssd"},
        tolerations=(Toleration(key="a", operator="Exists", toleration_seconds=5),),
        accelerator="a100",
    )
    compiled = pipeline(
        call("a", "same", {"value": const("1")}, settings=settings),
        result=out("a"),
        settings=PipelineSettings(platform="gke"),
    )
    _, platform = yaml.safe_load_all(TARGET.emit(compiled)[0].text)
    (config,) = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"].values()
    read = json_format.ParseDict(config, messages.KubernetesExecutorConfig())
    assert read.active_deadline_seconds == 90
    assert dict(read.node_selector.labels) == {"disk": "ssd"}
    assert [t.key for t in read.tolerations] == ["nvidia.com/gpu", "a"]
    assert read.tolerations[1].toleration_seconds == 5
    (term,) = read.node_affinity
    assert list(term.match_expressions[0].values) == ["nvidia-tesla-a100", "nvidia-a100-80gb"]
    assert not term.HasField("weight")  # then it is required
    (mount,) = read.empty_dir_mounts
    assert (mount.volume_name, mount.mount_path, mount.medium) == ("dshm", "/dev/shm", "Memory")
    assert read.pod_metadata.annotations["headrace.dev/source"] == "flow.py:10"


def test_the_client_takes_the_schedule() -> None:
    import kfp

    settings = PipelineSettings(schedule=Schedule(cron="0 3 * * *"))
    _, file = TARGET.emit(pipeline(call("a", "pair"), result=out("a"), settings=settings))
    arguments = yaml.safe_load(file.text)
    signature = inspect.signature(kfp.Client.create_recurring_run)
    signature.bind("client", experiment_id="an experiment", **arguments)


# --- runs ----------------------------------------------------------------------------------------


def written(folder: Path, compiled: ir.Pipeline) -> Path:
    """Write the manifest and the code of the cases, and return the manifest."""
    (folder / "flow.py").write_text(STEPS, encoding="utf-8")
    (file,) = TARGET.emit(compiled)
    manifest = folder / file.name
    manifest.write_text(file.text, encoding="utf-8")
    return manifest


def result(folder: Path, compiled: ir.Pipeline, **parameters: str) -> object:
    """Return what a run gives."""
    outcome = kubeflow_local.run(written(folder, compiled), parameters, folder)
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
        call(
            "join",
            "both",
            {
                "left": out("split", "left"),
                "right": glue("[x, len(y), r]", x=out("split", "right"), y=out("split"), r=RATE),
            },
        ),
        result=out("join"),
        parameters={"rate": "1e-07", "unused": None},
    )
    found = result(tmp_path, compiled, rate="-0.0", unused="null")
    assert json.dumps(found) == "[12345678901234567890123, [-0.0, 2, -0.0]]"


RATE = ir.Param(name="rate")


def test_hazardous_texts_arrive_unchanged(tmp_path: Path) -> None:
    texts = [json.dumps(text) for text in HAZARDS]
    safe = [wire.encode(text) for text in HAZARDS]
    thirds = [list(HAZARDS[start::3]) for start in range(3)]
    compiled = pipeline(
        call("many", "everything", {f"v{i}": const(text) for i, text in enumerate(safe)}),
        call("given", "both", {"left": ir.Param(name="text"), "right": out("many")}),
        each(
            "turns",
            const(wire.encode(thirds)),
            call("turn", "same", {"value": ir.Item(map="turns")}),
            out=out("turn"),
        ),
        call("end", "both", {"left": out("given"), "right": ir.Gather(map="turns")}),
        result=out("end"),
        parameters={"text": None},
    )
    hazards = list(HAZARDS)
    found = result(tmp_path, compiled, text="[" + ", ".join(texts) + "]")
    assert found == [[hazards, {f"v{i}": text for i, text in enumerate(hazards)}], thirds]


@pytest.mark.parametrize(("x", "expected"), [("3", [3, 3]), ("[]", ["none", 0])])
def test_branch_with_merges(tmp_path: Path, x: str, expected: object) -> None:
    """One arm is a step, the other several; one merge takes a value that no arm makes."""
    compiled = pipeline(
        call("ask", "same", {"value": ir.Param(name="x")}, condition("any", "result")),
        branch(
            "choose",
            out("ask", "any"),
            (call("up", "same", {"value": out("ask")}),),
            (call("low", "same", {"value": const('"none"')}), call("again", "same", LOW)),
            x=(out("up"), out("again")),
            y=(ir.Param(name="x"), const("0")),
        ),
        call("end", "both", {"left": MERGED, "right": ir.Merge(branch="choose", name="y")}),
        result=out("end"),
        parameters={"x": None},
    )
    assert result(tmp_path, compiled, x=x) == expected


LOW: dict[str, ir.Value] = {"value": out("low")}
MERGED = ir.Merge(branch="choose", name="x")


@pytest.mark.parametrize("xs", [[], ["a", '"7"', 1.0, [None]]], ids=["empty", "some"])
def test_map_over_the_items_of_a_step(tmp_path: Path, xs: list[object]) -> None:
    compiled = pipeline(
        call("list", "same", {"value": ir.Param(name="xs")}, items("rows", "result")),
        each(
            "turns",
            out("list", "rows"),
            call("turn", "both", {"left": ir.Item(map="turns"), "right": out("list")}),
            call("log", "count", {"value": out("turn")}),
            pairs=out("turn"),
            same=ir.Item(map="turns"),
        ),
        call("end", "both", {"left": PAIRS, "right": ir.Gather(map="turns", name="same")}),
        result=out("end"),
        parameters={"xs": "[1]"},
    )
    found = result(tmp_path, compiled, xs=json.dumps(xs))
    assert found == [[[x, xs] for x in xs], xs]


PAIRS = ir.Gather(map="turns", name="pairs")


def test_map_that_gathers_nothing(tmp_path: Path) -> None:
    over = out("list", "rows")
    compiled = pipeline(
        call("list", "same", {"value": const("[1, 2]")}, items("rows", "result")),
        each("turns", over, call("turn", "same", {"value": ir.Item(map="turns")})),
        call("end", "same", {"value": const('"end"')}, after=("turns",)),
        result=out("end"),
    )
    assert result(tmp_path, compiled) == "end"


def test_maps_and_branches_within_one_another(tmp_path: Path) -> None:
    look = call(
        "look",
        "same",
        {"value": ir.Item(map="rows")},
        items("cells", "result"),
        condition("many", "len(result) > 1"),
    )
    inner = each(
        "inner",
        out("look", "cells"),
        call("cell", "both", {"left": ir.Item(map="inner"), "right": ir.Item(map="rows")}),
        out=out("cell"),
    )
    choice = branch(
        "size", out("look", "many"), (inner,), (), x=(ir.Gather(map="inner"), const('"few"'))
    )
    compiled = pipeline(
        each("rows", const("[[], [1], [1, 2]]"), look, choice, x=ir.Merge(branch="size", name="x")),
        result=ir.Gather(map="rows", name="x"),
    )
    assert result(tmp_path, compiled) == ["few", "few", [[1, [1, 2]], [2, [1, 2]]]]


def test_artifacts_go_through_the_store(tmp_path: Path) -> None:
    big = json.dumps("x" * 5000)
    compiled = pipeline(
        call("make", "same", {"value": const(big)}),
        call("count", "count", {"value": out("make")}),
        result=out("count"),
    )
    store = tmp_path / "store"
    assert result(tmp_path, compiled, **{"headrace-store": store.as_uri()}) == 5000
    assert any(store.rglob("*"))


def test_a_failing_step_fails_the_run_with_its_own_words(tmp_path: Path) -> None:
    compiled = pipeline(
        call("break", "fail", {"value": const('"this"')}),
        call("after", "same", {"value": out("break")}),
        result=out("after"),
    )
    manifest = written(tmp_path, compiled)
    with pytest.raises(kubeflow_local.RunFailed, match="ValueError: cannot do this"):
        kubeflow_local.run(manifest, {}, tmp_path)


def test_other_code_is_refused(tmp_path: Path) -> None:
    compiled = pipeline(call("a", "same", {"value": const("1")}), result=out("a"))
    assert DIGEST in TARGET.emit(compiled)[0].text
    manifest = written(tmp_path, compiled)
    (tmp_path / "flow.py").write_text(STEPS + "# edited\n", encoding="utf-8")
    with pytest.raises(kubeflow_local.RunFailed, match="flow"):
        kubeflow_local.run(manifest, {}, tmp_path)
