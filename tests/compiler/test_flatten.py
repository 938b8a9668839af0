"""The pass that leaves no map inside a map: what it makes means the same."""

import itertools
import re
from collections import Counter
from pathlib import Path

import pytest

from conformance import suite
from headrace.compiler import dataflow, driver, ir
from headrace.compiler.passes.flatten import flatten
from headrace.compiler.passes.prune import prune
from headrace.compiler.print_ir import print_pipeline
from headrace.compiler.registry import load_target
from headrace.compiler.verify import verify

STEPS = """
def numbers(n: int) -> list[int]:
    return list(range(n))


def add(a: int, b: int) -> int:
    return a + b


def note(n: int) -> None:
    print(n)

"""


def lowered(path: Path) -> tuple[ir.Pipeline, ir.Pipeline]:
    """Return a pipeline as it is, and as a target gets it that has no map inside a map."""
    compilation = driver.compile_source(path)
    pipeline = compilation.pipeline
    assert pipeline is not None, list(compilation.diagnostics)
    return pipeline, driver.lowered(pipeline, load_target("airflow"))


def flat_text(tmp_path: Path, body: str) -> str:
    """Return the printed flat IR of a pipeline with `body`, without settings and places."""
    (tmp_path / "flow.py").write_text(f"{STEPS}\ndef pipeline(xs: list[int]):\n{body}")
    text = print_pipeline(lowered(tmp_path / "flow.py")[1])
    body = text.partition("  function ")[2].partition("  map ")[2]
    settings = re.compile(r" *(image|code): ")
    lines = (line for line in body.splitlines() if not settings.match(line))
    kept = (line.partition("   #")[0] for line in lines)
    return "\n".join(["  map " + next(kept), *kept])


def has_nested_map(block: ir.Block, *, in_a_guard: bool) -> bool:
    """Whether a map stands in a map; those with a guard between them only if `in_a_guard`."""
    for node in dataflow.walk(block):
        if isinstance(node, ir.Map):
            for inner in dataflow.walk(node.body):
                guarded = any(
                    inner in dataflow.walk(part)
                    for guard in dataflow.walk(node.body)
                    if isinstance(guard, ir.Guard)
                    for part in dataflow.blocks(guard)
                )
                if isinstance(inner, ir.Map) and (in_a_guard or not guarded):
                    return True
    return False


def test_the_inner_map_runs_over_the_pairs_of_all_turns(tmp_path: Path) -> None:
    found = flat_text(tmp_path, "    return [[add(x, y) for y in numbers(x)] for x in xs]\n")
    assert found == (
        "  map result over result-items.items:\n"
        "    step numbers = flow:numbers(n=item(result)) "
        "-> gathered items_value := `list(result)`\n"
        "    gather carried = numbers.items_value\n"
        "    gather carried_2 = item(result)\n"
        "  compute result-2-items -> items items := "
        "`[(element, value_0) for elements, value_0 in zip(lists, values_0) "
        "for element in elements] | lists=result.carried, values_0=result.carried_2` after result\n"
        "  map result-2 over result-2-items.items:\n"
        "    step add = flow:add(a=`item[1] | item=item(result-2)`, "
        "b=`item[0] | item=item(result-2)`) -> gathered out\n"
        "    gather out = add.out\n"
        "  compute result-2-lists -> out := "
        "`divided(values_0, lists) | values_0=result-2.out, lists=result.carried` after result-2\n"
        "  return result-2-lists.out"
    )


def test_what_needs_nothing_of_the_outer_turn_gets_the_bare_item(tmp_path: Path) -> None:
    body = "    return [[add(y, y) for y in numbers(x)] for x in xs]\n"
    found = flat_text(tmp_path, body)
    assert "items items := `flattened(lists) | lists=result.carried`" in found
    assert "add(a=item(result-2), b=item(result-2))" in found


def test_what_comes_after_the_inner_map_is_a_third_map(tmp_path: Path) -> None:
    body = (
        "    out = []\n    for x in xs:\n        first = add(x, 1)\n"
        "        ys = [add(first, y) for y in numbers(x)]\n"
        "        aside = add(first, 2)\n        out.append(add(len(ys), aside))\n    return out\n"
    )
    _, maps = flat_text(tmp_path, body).split("  map out over", 1)
    first, second = maps.split("  map ys over")
    second, third = second.split("  map out-2 over")
    assert "step add-first" in first
    assert "step add-aside" in first  # it needs nothing of the inner map
    assert "step add-ys" in second
    assert "step add-out = flow:add(a=`len(item_2[0])" in third
    assert third.endswith("    gather out = add-out.out\n  return out-2.out")


def test_effects_keep_their_order(tmp_path: Path) -> None:
    body = (
        "    for x in xs:\n        note(x)\n        for y in [1, 2]:\n            note(y)\n"
        "        note(3)\n    note(4)\n"
    )
    (tmp_path / "flow.py").write_text(f"{STEPS}\ndef pipeline(xs: list[int]):\n{body}")
    pipeline = lowered(tmp_path / "flow.py")[1]
    nodes = {node.id: node for node in pipeline.body.nodes}
    inner = [node for node in dataflow.walk(pipeline.body) if isinstance(node, ir.Map)]
    for before, node in itertools.pairwise(inner):
        reached, found = {node.id}, [node.id]
        while found:
            needed = dataflow.needed_nodes(nodes[found.pop()]) & nodes.keys()
            found += needed - reached
            reached |= needed
        assert before.id in reached
    last = pipeline.body.nodes[-1]
    assert isinstance(last, ir.Call)
    assert {node.id for node in inner} <= set(last.after)


def test_a_pipeline_without_nested_maps_is_itself(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(
        f"{STEPS}\ndef pipeline(xs: list[int]):\n    return [add(x, 1) for x in xs]\n"
    )
    pipeline, flat = lowered(tmp_path / "flow.py")
    assert flat is pipeline


@pytest.mark.parametrize("name", suite.CASES)
def test_a_flat_case_is_well_formed_and_has_the_same_steps(name: str) -> None:
    pipeline = suite.compiled(suite.CASES[name]).pipeline
    assert pipeline is not None
    assert pipeline.defaults is not None
    flat = flatten(pipeline, pipeline.defaults)
    assert (flat is pipeline) is not has_nested_map(pipeline.body, in_a_guard=False)
    verify(flat, steered=True)
    verify(prune(flat), steered=True)
    assert not has_nested_map(flat.body, in_a_guard=False)
    calls = [
        Counter(n.function for n in dataflow.walk(p.body) if isinstance(n, ir.Call))
        for p in (pipeline, flat)
    ]
    assert calls[0] == calls[1]
