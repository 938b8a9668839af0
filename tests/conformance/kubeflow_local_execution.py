"""Runs the Kubeflow manifest of a case with `kfp.local`, in containers of podman."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

import kubeflow_local
from conformance import suite
from conformance.suite import Case, Outcome, Run
from headrace.compiler import dataflow, ir
from headrace.runtime import wire
from headrace.runtime.codecs import Artifacts
from headrace.runtime.store import open_store
from headrace.targets.kubeflow import KubeflowTarget
from headrace.targets.kubeflow.workflow import ARGUMENT_BYTES

CONTAINERS = 200
"""About how many containers are started unless all runs are asked for; each takes a second."""

GUESSED_ITEMS = 3
"""How many items a list is taken to have that only a run knows."""


def outcome(case: Case, run: Run, folder: Path, longest: int = ARGUMENT_BYTES) -> Outcome:
    """Return what `kfp.local` makes of `case`; what its steps leave is below `folder`.

    The error of a failed run has the message of each container that failed, a line each. DAGs of
    more than `longest` bytes are divided.
    """
    store = (folder / "store").as_uri()
    texts = {
        kubeflow_local.STORE_PARAMETER: store,
        **suite.python_pipeline_parameters(run),
    }
    try:
        done = kubeflow_local.run(
            manifest(case, folder, longest), texts, case.path.parent, temporary=folder
        )
    except kubeflow_local.RunFailed as error:
        if not error.messages:
            raise
        return suite.failed("\n".join(error.messages))
    return suite.succeeded(wire.plain(done.result, Artifacts(open_store(store), lambda: "")))


def manifest(case: Case, folder: Path, longest: int = ARGUMENT_BYTES) -> Path:
    """Write the manifest of `case` into `folder`, and return its path."""
    pipeline = suite.compiled(case).pipeline
    assert pipeline is not None
    file, *_ = KubeflowTarget(longest).emit(pipeline)
    path = folder / file.name
    path.write_text(file.text, encoding="utf-8")
    return path


# --- which cases are run -------------------------------------------------------------------------


def chosen(cases: list[Case]) -> list[Case]:
    """Return those of `cases` that are run when there is no time for all.

    First comes whatever adds most constructs for its containers, until none adds any; then the
    ones with the fewest containers, as long as there is room. One without a manifest is not there.
    """
    cases = [case for case in cases if suite.emitted(case, "kubeflow")[0]]
    sizes = {case.name: containers(case) for case in cases}
    left = {case.name: constructs(case) for case in cases}
    seen: set[str] = set()
    found: list[str] = []
    room = CONTAINERS
    while left:
        best = min(
            left, key=lambda name: (-len(left[name] - seen) / sizes[name], sizes[name], name)
        )
        seen |= left.pop(best)
        if sizes[best] <= room:
            found.append(best)
            room -= sizes[best]
    return [case for case in cases if case.name in found]


def constructs(case: Case) -> set[str]:
    """Return what is particular about the pipeline of `case`: nodes and where, values and whose."""
    pipeline = suite.compiled(case).pipeline
    assert pipeline is not None
    return {f"result {pipeline.result.kind}", *_constructs(pipeline.body, ())}


def _constructs(block: ir.Block, where: tuple[str, ...]) -> Iterator[str]:
    for node in block.nodes:
        yield " in ".join((node.kind, *where[:1]))
        match node:
            case ir.Call() | ir.Compute():
                yield from (f"{node.kind} with {output.role}" for output in node.outputs)
                yield from (f"{node.kind} catches" for _ in node.catches[:1])
                yield from (f"{node.kind} reads {r.kind}" for r in dataflow.node_references(node))
            case ir.Map():
                yield f"map over {node.items.kind}"
                yield from (f"gathers {gather.value.kind}" for gather in node.gathers)
            case ir.Branch():
                merged = (value for m in node.merges for value in (m.then, m.otherwise))
                yield from (f"merges {value.kind}" for value in merged)
            case ir.Guard():
                yield from (f"lets out {exit.value.kind}" for exit in node.exits)
        yield from (f"{node.kind} after others" for _ in node.after[:1])
        for name in ("body", "then", "otherwise", "cleanup"):
            if isinstance(inner := getattr(node, name, None), ir.Block):
                yield from _constructs(inner, (f"{node.kind}.{name}", *where))


def containers(case: Case) -> int:
    """Return about how many containers a run of `case` starts."""
    (file,) = suite.emitted(case, "kubeflow")[0]
    spec = next(yaml.safe_load_all(file.text))
    spec = kubeflow_local.as_local_has_it(spec)
    return _containers(spec["root"], spec["components"])


def _containers(component: Mapping[str, Any], components: Mapping[str, Any]) -> int:
    if "dag" not in component:
        return 1
    counts = Counter({"": 0})
    for task in component["dag"]["tasks"].values():
        once = _containers(components[task["componentRef"]["name"]], components)
        items = task.get("parameterIterator", {}).get("items", {"raw": "[null]"})
        turns = len(json.loads(items["raw"])) if "raw" in items else GUESSED_ITEMS
        counts[task.get("triggerPolicy", {}).get("condition", "")] += turns * once
    always = counts.pop("")
    # Conditions in one DAG exclude one another.
    return always + max((n for condition, n in counts.items() if condition != "false"), default=0)
