"""Pipelines past what one list of the CRD takes: parts, shared templates, several objects."""

import json
from typing import Any

import pytest
import yaml

import argo_schema
from argo_shim import Shim, decoded
from headrace.compiler import ir
from headrace.compiler.dataflow import AnyNode
from headrace.compiler.diagnostics import InternalError
from headrace.targets.argo import TARGET
from headrace.targets.argo.emit import Lowered
from headrace.targets.argo.verify import verify
from ir_interpreter import Interpreter, Scenario
from ir_nodes import (
    branch,
    call,
    condition,
    const,
    each,
    gather,
    glue,
    item,
    merge,
    out,
    pipeline,
)
from models.argo import runs


def long_block() -> ir.Pipeline:
    """450 calls of one function, some of which read others far above."""
    nodes: list[AnyNode] = [call("first")]
    for number in range(449):
        above = out(f"f-{number - 130}" if number in (149, 299, 420) else "first")
        nodes.append(call("f", id=f"f-{number}", line=number, x=above))
    return pipeline(*nodes, result=out("f-448"))


def far_effects() -> ir.Pipeline:
    """Steps in three parts that wait for one another without a value between them."""
    nodes = [call("f", id=f"f-{n}", outputs=(), line=n, x=const(str(n))) for n in range(401)]
    return pipeline(
        *nodes,
        call("last", after=("f-3", "f-399")),
        call("end", after=("last",)),
        result=const("1"),
    )


def many_functions() -> ir.Pipeline:
    """150 functions with the same parameters, and one alone with its own."""
    nodes = [call(f"f-{n}", x=const(str(n)), y=glue("z + 1", z=const("1"))) for n in range(150)]
    other = call("other", x=out("f-3"))
    return pipeline(*nodes, other, result=out("other"))


def many_branches() -> ir.Pipeline:
    """130 branches and 130 maps, which make more templates than an object takes."""
    nodes: list[AnyNode] = [call("ask", outputs=[condition("result > 1")])]
    for number in range(130):
        name, value = f"if-{number}", out("ask")
        arms = [call("f", id=f"f-{number}", x=value)], [call("g", id=f"g-{number}", x=value)]
        merged = (out(f"f-{number}"), out(f"g-{number}"))
        nodes.append(branch(name, out("ask", "condition"), *arms, v=merged))
        body = call("h", id=f"h-{number}", x=item(f"map-{number}"), y=merge(name, "v"))
        nodes.append(each(f"map-{number}", const("[1, 2]"), body, out=out(body.id)))
    return pipeline(*nodes, call("end", x=gather("map-129")), result=out("end"))


PIPELINES = {
    made.__name__: made() for made in (long_block, far_effects, many_functions, many_branches)
}


def documents(of: ir.Pipeline) -> list[dict[str, Any]]:
    return [yaml.load(file.text, Loader=yaml.CSafeLoader) for file in TARGET.emit(of)]


@pytest.mark.parametrize("name", PIPELINES)
def test_it_is_accepted_and_a_run_means_the_same(name: str) -> None:
    assert list(TARGET.check(PIPELINES[name])) == []
    objects = documents(PIPELINES[name])
    assert [e for document in objects for e in argo_schema.errors(document)] == []
    scenario = Scenario(True, ())
    shim = Shim(scenario)
    result = runs.result(objects, {}, shim)
    meant = Interpreter(PIPELINES[name], scenario, {})
    assert decoded(result) == meant.result
    assert sorted(shim.calls) == meant.calls


def test_a_long_block_is_divided_into_parts_of_neighbours() -> None:
    (document,) = documents(PIPELINES["long_block"])
    lengths = {
        t["name"]: len(t["dag"]["tasks"]) for t in document["spec"]["templates"] if "dag" in t
    }
    assert lengths == {
        "digits": 3,
        "digits-part": 200,
        "digits-part-2": 200,
        "digits-part-3": 50,
    }
    tasks = document["spec"]["templates"][0]["dag"]["tasks"]
    assert [task.get("depends") for task in tasks] == [
        None,
        "part.Succeeded",
        "part.Succeeded && part-2.Succeeded",
    ]


def test_a_part_waits_for_effects_in_another() -> None:
    (document,) = documents(PIPELINES["far_effects"])
    tasks = document["spec"]["templates"][0]["dag"]["tasks"]
    assert tasks[2]["depends"] == "part.Succeeded && part-2.Succeeded"
    parts = [t for t in document["spec"]["templates"] if t["name"].startswith("digits-part")]
    assert ["outputs" in part for part in parts] == [False, False, False]


def test_many_functions_share_the_templates_of_their_inputs() -> None:
    (document,) = documents(PIPELINES["many_functions"])
    assert [t["name"] for t in document["spec"]["templates"]] == ["digits", "step-x-z", "other"]
    shared = document["spec"]["templates"][1]
    assert shared["container"]["args"] == [
        "--step={{inputs.parameters.headrace-step}}",
        "--output=out=/tmp/headrace/outputs/out",
        "--let=z={{inputs.parameters.z}}",
        "{{inputs.parameters.headrace-function}}",
        "--x={{inputs.parameters.x}}",
        "--y:=z + 1",
    ]
    task = document["spec"]["templates"][0]["dag"]["tasks"][7]
    assert task["arguments"]["parameters"][:2] == [
        {"name": "headrace-step", "value": "f-7"},
        {"name": "headrace-function", "value": "digits:f-7"},
    ]
    # A hundred and fewer have a template each.
    few = pipeline(*PIPELINES["many_functions"].body.nodes[:100])
    assert len(documents(few)[0]["spec"]["templates"]) == 101


def test_places_are_listed_up_to_ten() -> None:
    (document,) = documents(PIPELINES["long_block"])
    (template,) = (t for t in document["spec"]["templates"] if t["name"] == "f")
    places = ", ".join(f"digits.py:{line}" for line in range(10))
    assert template["metadata"]["annotations"] == {"headrace.dev/source": f"{places} and 439 more"}


def test_templates_past_an_object_are_in_others_that_are_referred_to_forwards() -> None:
    objects = documents(PIPELINES["many_branches"])
    names = [document["metadata"]["name"] for document in objects]
    assert names == ["digits", "digits-part-2"]
    assert [file.name for file in TARGET.emit(PIPELINES["many_branches"])] == [
        f"{name}.workflowtemplate.yaml" for name in names
    ]
    for position, document in enumerate(objects):
        for template in document["spec"]["templates"]:
            for task in template.get("dag", {}).get("tasks", ()):
                if "templateRef" in task:
                    assert names.index(task["templateRef"]["name"]) > position
    assert ["entrypoint" in document["spec"] for document in objects] == [True, False]


def _break(objects: list[dict[str, Any]], way: str) -> None:
    tasks = [
        task
        for template in objects[0]["spec"]["templates"]
        for task in template.get("dag", {}).get("tasks", ())
    ]
    task = next(task for task in tasks if "templateRef" in task)
    local = next(task for task in tasks if "templateRef" not in task)
    if way == "no such object":
        task["templateRef"]["name"] = "digits-part-9"
    elif way == "no such template":
        task["templateRef"]["template"] = "nothing"
    elif way == "in another object":
        task["template"] = task.pop("templateRef")["template"]
    elif way == "its own object":
        local["templateRef"] = {"name": "digits", "template": local.pop("template")}
    elif way == "no template, or two":
        del task["templateRef"]
    else:
        objects[1]["metadata"]["name"] = "digits"


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("no such object", "there is no template"),
        ("no such template", "there is no template"),
        ("in another object", "is in another object"),
        ("its own object", "refers to its own object"),
        ("no template, or two", "names no template, or two"),
        ("one name", "two objects of one name"),
    ],
)
def test_a_broken_reference_between_objects_is_refused(way: str, message: str) -> None:
    objects = documents(PIPELINES["many_branches"])
    verify(objects)
    _break(objects, way)
    with pytest.raises(InternalError, match=message):
        verify(objects)


def test_what_a_run_keeps_is_measured_over_all_objects() -> None:
    text = const(json.dumps("x" * 2_000))
    large = pipeline(
        *PIPELINES["many_branches"].body.nodes,
        *(call("k", id=f"k-{n}", x=text) for n in range(500)),
    )
    lengths = [len(json.dumps(d, separators=(",", ":"))) for d in Lowered.of(large).documents]
    assert len(lengths) > 1
    assert max(lengths) < 1_048_576 or sum(lengths) > 1_048_576
    found = list(TARGET.check(large))
    assert [d.code for d in found] == ["HR511"]
    assert f"{sum(lengths):,} bytes" in found[0].message


def test_the_names_of_further_objects_are_measured() -> None:
    long = PIPELINES["many_branches"].replace(name="n" * 60)
    assert [d.code for d in TARGET.check(long)] == ["HR510"]
    fine = PIPELINES["many_branches"].replace(name="n" * 56)
    assert [d.code for d in TARGET.check(fine)] == []
