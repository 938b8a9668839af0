"""The check of a finished manifest: everything that it refers to is there.

The SDK loads a broken reference without a word, and the backend finds it in the middle of a run.
This check reads the documents as they are written and trusts nothing of how they were made.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from headrace.compiler.diagnostics import InternalError
from headrace.targets.kubeflow.verify_dags import DagVerifier, Document, Interface, Problems

_COMPONENT = re.compile(r"comp-[a-z]([-a-z0-9]*[a-z0-9])?")
_PARAMETER = re.compile(r"[A-Za-z0-9_-]+")
_PLACEHOLDER = re.compile(r"\{\{\$\.(inputs|outputs)\.parameters\['([^']*)'\](\.output_file)?\}\}")

_Executors: TypeAlias = Mapping[str, Document]


def verify(pipeline_spec: Document, platform_spec: Document) -> None:
    """Check the two documents of a manifest.

    Raises:
        InternalError: something in them refers to what is not there, or has a form that the backend
            refuses or runs wrongly.
    """
    if problems := list(_problems(pipeline_spec, platform_spec)):
        name = pipeline_spec["pipelineInfo"]["name"]
        raise InternalError(f"manifest of {name!r}: " + "; ".join(problems))


def _problems(spec: Document, platform: Document) -> Problems:
    components: Mapping[str, Document] = {"root": spec["root"], **spec["components"]}
    interfaces = {name: Interface.of(component) for name, component in components.items()}
    executors: _Executors = spec["deploymentSpec"]["executors"]
    yield from _reach_problems(components)
    yield from _executor_problems(components, executors)
    configured = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    yield from (f"no executor {label!r}" for label in sorted(set(configured) - set(executors)))
    for name, component in components.items():
        for problem in _component_problems(name, component, executors):
            yield f"component {name!r}: {problem}"
        if "dag" in component:
            for problem in DagVerifier(name, components, interfaces).problems():
                yield f"component {name!r}: {problem}"


def _reach_problems(components: Mapping[str, Document]) -> Problems:
    """Every component is used, none by itself, and a body of a loop by that loop only."""
    uses: list[tuple[str, bool]] = [
        (task["componentRef"]["name"], "parameterIterator" in task)
        for component in components.values()
        for task in tasks_of(component)
    ]
    used = Counter(name for name, _ in uses)
    yield from (
        f"component {n!r} is never used" for n in components if n not in used and n != "root"
    )
    for name in sorted({name for name, is_loop in uses if is_loop}):
        if used[name] > 1:
            yield f"component {name!r} is the body of a loop and used twice"
    calls = {n: [t["componentRef"]["name"] for t in tasks_of(c)] for n, c in components.items()}
    yield from (f"component {n!r} uses itself" for n in calls if n in _closure(calls, calls[n]))


def _executor_problems(components: Mapping[str, Document], executors: _Executors) -> Problems:
    labels = Counter(c["executorLabel"] for c in components.values() if "executorLabel" in c)
    yield from (f"no executor {label!r}" for label in sorted(set(labels) - set(executors)))
    for label in executors:
        if labels[label] != 1:
            yield f"executor {label!r} belongs to {labels[label]} components"
    seen: dict[str, str] = {}
    for label, executor in executors.items():
        other = seen.setdefault(json.dumps(executor["container"], sort_keys=True), label)
        if other != label:
            yield f"executors {other!r} and {label!r} have the same container"


def _component_problems(name: str, component: Document, executors: _Executors) -> Problems:
    if name != "root" and not _COMPONENT.fullmatch(name):
        yield "not a name that a component may carry"
    if ("dag" in component) == ("executorLabel" in component):
        yield "is not either a DAG or a container"
    interface = Interface.of(component)
    for parameter in [*(interface.inputs if name != "root" else ()), *interface.outputs]:
        if not _PARAMETER.fullmatch(parameter):
            yield f"{parameter!r} is not a legal name of a parameter"
    if component.get("executorLabel") in executors:
        yield from _container_problems(
            executors[component["executorLabel"]]["container"], interface
        )


def _container_problems(container: Document, interface: Interface) -> Problems:
    written = []
    for text in [*container["command"], *container["args"]]:
        for kind, name, file in _PLACEHOLDER.findall(text):
            known = interface.inputs if kind == "inputs" else interface.outputs
            if name not in known or (kind == "outputs") != bool(file):
                yield f"{text!r} refers to no parameter"
            elif kind == "inputs" and ("=*{{" in text) != (known[name] == "LIST"):
                yield f"{text!r} does not mark what it passes as it is"
            elif kind == "outputs":
                written.append(name)
        yield from _engine_texts(_PLACEHOLDER.sub("", text))
    for name in interface.outputs:
        if written.count(name) != 1:
            yield f"output {name!r} is not written once by the command"
    for variable in container["env"]:
        yield from _engine_texts(variable["value"].replace("$$", ""))


def _engine_texts(text: str) -> Problems:
    """Yield what Argo and Kubernetes would read as their own."""
    yield from (f"{text!r} holds {mark!r}" for mark in ("{{", "$(", "$$") if mark in text)


def tasks_of(component: Document) -> list[Document]:
    """Return the tasks of a component; a container has none."""
    tasks: Mapping[str, Document] = component.get("dag", {}).get("tasks", {})
    return [*tasks.values()]


def _closure(edges: Mapping[str, Iterable[str]], start: Iterable[str]) -> set[str]:
    reached: set[str] = set()
    todo = list(start)
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo.extend(edges.get(name, ()))
    return reached
