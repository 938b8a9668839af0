"""Pipelines past what one driver of Kubeflow takes: parts, and the size of a whole run."""

import json
from typing import Any

import pytest
import yaml

from argo_pipelines import PIPELINES
from headrace.compiler import ir
from headrace.compiler.dataflow import AnyNode
from headrace.targets.kubeflow import TARGET, KubeflowTarget
from headrace.targets.kubeflow.emit import Lowered
from headrace.targets.kubeflow.workflow import ARGUMENT_BYTES, RUN_BYTES, TEMPLATES, Workflow
from ir_interpreter import Interpreter, Scenario
from ir_nodes import branch, call, condition, const, each, gather, item, merge, out, pipeline
from kubeflow_shim import Shim, decoded
from models.errors import RunFailed
from models.kubeflow.backend import Model, Values

SCENARIO = Scenario(True, (1.0, "x"))


def wide_block() -> ir.Pipeline:
    """170 calls, most of which read ten others far above."""
    nodes: list[AnyNode] = [call("f", id=f"f-{n}", x=const(str(n))) for n in range(10)]
    for number in range(10, 170):
        values: dict[str, Any] = {f"x{n}": out(f"f-{n}") for n in range(10)}
        if number in (60, 150, 169):
            values = {"x": out(f"f-{number - 40}"), "y": out(f"f-{number - 1}")}
        nodes.append(call("f", id=f"f-{number}", line=number, **values))
    return pipeline(*nodes, result=out("f-169"))


def far_effects() -> ir.Pipeline:
    """Steps that wait for one another without a value between them."""
    nodes = [call("f", id=f"f-{n}", outputs=(), line=n, x=const(str(n))) for n in range(40)]
    return pipeline(
        *nodes,
        call("last", after=("f-3", "f-39")),
        call("end", after=("last",)),
        result=const("1"),
    )


def many_of_all() -> ir.Pipeline:
    """Branches and maps that read one another; a part gives lists and merged values."""
    nodes: list[AnyNode] = [call("ask", outputs=[condition("result > 1")])]
    for number in range(8):
        name, value = f"if-{number}", out("ask")
        arms = [call("f", id=f"f-{number}", x=value)], [call("g", id=f"g-{number}", x=value)]
        merged = (out(f"f-{number}"), out(f"g-{number}"))
        nodes.append(branch(name, out("ask", "condition"), *arms, v=merged))
        above = gather(f"map-{number - 1}") if number % 3 else value
        body = call("h", id=f"h-{number}", x=item(f"map-{number}"), y=merge(name, "v"), z=above)
        nodes.append(each(f"map-{number}", const("[1, 2]"), body, out=out(body.id)))
    return pipeline(*nodes, call("end", x=gather("map-7"), y=gather("map-0")), result=out("end"))


def long_body() -> ir.Pipeline:
    """A loop over many steps, of which one in the middle is gathered."""
    steps = [call("f", id="f-0", x=item("m"))]
    steps += [call("f", id=f"f-{n}", x=out(f"f-{n // 2}"), y=out("f-0")) for n in range(1, 30)]
    loop = each("m", const("[1, 2]"), *steps, out=out("f-14"))
    return pipeline(loop, call("end", x=gather("m")), result=out("end"))


SMALL = 3_000
"""A limit in bytes that divides what is small enough to look at."""

LARGE = {
    "wide_block": (wide_block(), ARGUMENT_BYTES),
    "wide_block of small parts": (wide_block(), 5 * SMALL),
    "far_effects": (far_effects(), SMALL),
    "far_effects, parts of parts": (far_effects(), SMALL // 2),
    "many_of_all": (many_of_all(), SMALL),
    "long_body": (long_body(), SMALL),
}


def specification(of: ir.Pipeline, longest: int = ARGUMENT_BYTES) -> dict[str, Any]:
    (file,) = KubeflowTarget(longest).emit(of)
    found: dict[str, Any] = next(yaml.load_all(file.text, Loader=yaml.CSafeLoader))
    return found


def dags(spec: dict[str, Any]) -> dict[str, dict[str, Any]]:
    components = {"root": spec["root"], **spec["components"]}
    return {name: component for name, component in components.items() if "dag" in component}


@pytest.mark.parametrize("name", LARGE)
def test_a_run_of_parts_means_the_same(name: str) -> None:
    of, longest = LARGE[name]
    assert list(TARGET.check(of)) == []
    spec = specification(of, longest)
    assert any("-part" in component for component in spec["components"])
    shim = Shim(spec, SCENARIO)
    result = Model(spec, shim).run()
    meant = Interpreter(of, SCENARIO, {})
    assert decoded(result or "") == meant.result
    assert sorted(shim.calls) == meant.calls


@pytest.mark.parametrize("name", LARGE)
def test_every_part_is_within_the_limit(name: str) -> None:
    of, longest = LARGE[name]
    found = dags(specification(of, longest))
    lengths = {n: len(json.dumps(c, separators=(",", ":"))) for n, c in found.items()}
    assert max(lengths.values()) <= longest
    assert min(len(component["dag"]["tasks"]) for n, component in found.items() if "part" in n) > 1


def test_a_block_is_divided_into_parts_of_neighbours() -> None:
    spec = specification(wide_block())
    assert {n: len(c["dag"]["tasks"]) for n, c in dags(spec).items()} == {
        "root": 2,
        "comp-root-part": 128,
        "comp-root-part-2": 42,
    }
    assert list(spec["components"])[:2] == ["comp-root-part", "comp-f-0"]


def test_a_part_waits_for_effects_in_another() -> None:
    spec = specification(far_effects(), SMALL)
    tasks = spec["root"]["dag"]["tasks"]
    assert {name: task.get("dependentTasks") for name, task in tasks.items()} == {
        "part": None,
        "part-2": None,
        "part-3": None,
        "part-4": ["part"],
    }


def test_what_a_loop_gathers_stays_in_its_body() -> None:
    body = dags(specification(long_body(), SMALL))["comp-m-each"]
    tasks, outputs = body["dag"]["tasks"], body["dag"]["outputs"]["parameters"]
    assert list(tasks) == ["part", "f-13", "f-14", "part-2"]
    assert outputs == {
        "out": {"valueFromParameter": {"outputParameterKey": "out", "producerSubtask": "f-14"}}
    }


def test_a_step_that_fails_takes_with_it_what_waits_for_its_part() -> None:
    spec = specification(far_effects(), SMALL)
    shim = Shim(spec, SCENARIO)

    def fail(component: str, inputs: Values, attempt: int) -> dict[str, str]:
        if component == "comp-f-3":
            raise RunFailed("no")
        return shim(component, inputs, attempt)

    model = Model(spec, fail)
    with pytest.raises(RunFailed):
        model.run()
    assert {"comp-last", "comp-end"}.isdisjoint(model.ran)
    assert "comp-f-20" in model.ran


def test_a_dag_that_cannot_be_divided_is_refused_at_its_place() -> None:
    arm = [call("f", id="f-0")], [call("g", id="g-0")]
    names: dict[str, Any] = {f"value_{n}_{'v' * 60}": (out("f-0"), out("g-0")) for n in range(500)}
    of = pipeline(
        call("ask", outputs=[condition("result")]),
        branch("if", out("ask", "condition"), *arm, **names),
    )
    assert [(d.code, d.span.line) for d in TARGET.check(of) if d.span] == [("HR511", 30)]


# --- the size of a run ---------------------------------------------------------------------------

COMPILED = {
    "chain": 17_528,
    "items_map": 41_150,
    "nested_map": 49_986,
    "guards": 86_406,
    "branches": 36_785,
    "branch_in_map": 39_008,
    "map_in_branch": 37_269,
    "effects": 31_242,
    "configured": 12_908,
}
"""The bytes of the Workflows, as JSON, that the API server's own compiler (2.17.0) made of the
manifests of these pipelines."""


@pytest.mark.parametrize("name", COMPILED)
def test_the_size_of_a_workflow_is_that_of_the_engine(name: str) -> None:
    lowered = Lowered.of(PIPELINES[name])
    size = TEMPLATES + Workflow(lowered.spec, lowered.platform).specification_bytes()
    # At most 2,500 are set aside for templates that not every pipeline needs.
    assert COMPILED[name] <= size <= COMPILED[name] + 2_500


def calls(count: int) -> ir.Pipeline:
    """A chain of calls of one function."""
    first, *others = range(count)
    rest = [call("f", id=f"f-{n}", line=n, x=out(f"f-{n - 1}")) for n in others]
    return pipeline(call("f", id=f"f-{first}", x=const("1")), *rest, result=out(f"f-{count - 1}"))


def run_bytes(of: ir.Pipeline) -> int:
    lowered = Lowered.of(of)
    return Workflow(lowered.spec, lowered.platform).run_bytes()


@pytest.mark.parametrize("count", [400, 1_000])
def test_a_run_that_one_object_cannot_keep_is_refused(count: int) -> None:
    assert list(TARGET.check(calls(300))) == []
    found = list(TARGET.check(calls(count)))
    assert [(d.code, d.span.line if d.span else 0) for d in found] == [("HR511", 1)]
    assert f"{run_bytes(calls(count)):,} bytes" in found[0].message
    assert f"{RUN_BYTES:,}" in found[0].message


def test_a_status_keeps_copies_of_long_texts() -> None:
    alike, unlike = "x" * 60_000, "".join(f"{n * 7919:x}" for n in range(10_000))
    sizes = [
        run_bytes(pipeline(call("f", x=const(json.dumps(t))))) - len(t) for t in (alike, unlike)
    ]
    assert sizes[1] - sizes[0] > 40_000


def test_a_step_in_a_loop_counts_once() -> None:
    loop = each("m", const(json.dumps(list(range(500)))), call("f", x=item("m")))
    assert list(TARGET.check(pipeline(loop))) == []
