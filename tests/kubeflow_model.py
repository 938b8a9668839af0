"""A model of what the backend of Kubeflow Pipelines does with the manifests of this target.

It runs DAGs, loops, conditions and merges as the API server, drivers and launchers of 2.17.0 were
seen to, and raises where those refuse a run, fail it, or would lose a value. What a container does
is given from outside. Outputs of DAGs are looked up where they are read, as the drivers do.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Value: TypeAlias = str | list[Any]
Values: TypeAlias = dict[str, Value]
Container: TypeAlias = Callable[[str, Values], Values]
"""Runs the component of that name with these inputs; returns its outputs."""

LONGEST_ARGUMENT = 131_071


class Stuck(Exception):
    """The real backend refuses or fails here."""


class Failed(Exception):
    """A container, or a whole run, failed."""


@dataclass
class Execution:
    """A task that ran, was skipped by its condition, or was omitted because of another."""

    state: str
    component: Mapping[str, Any]
    outputs: Values = field(default_factory=dict)
    tasks: "dict[str, Execution]" = field(default_factory=dict)
    iterations: "list[Execution] | None" = None


class Model:
    """Runs of one pipeline."""

    def __init__(self, spec: Mapping[str, Any], container: Container) -> None:
        self._components: dict[str, Any] = spec["components"]
        self._executors = spec["deploymentSpec"]["executors"]
        self._root = spec["root"]
        self._container = container
        self.ran: list[str] = []
        self._submit()

    def run(self, **arguments: str) -> str | None:
        """Run the pipeline; return the text of its result, or nothing when it has none."""
        declared = parameters(self._root, "inputDefinitions")
        inputs: Values = {n: p["defaultValue"] for n, p in declared.items() if "defaultValue" in p}
        inputs |= arguments
        if set(inputs) != set(declared):
            raise Stuck(f"HTTP 400: parameters {sorted(set(inputs) ^ set(declared))}")
        root = self._dag(self._root, inputs)
        if root.state == "failed":
            raise Failed("the run failed")
        if "result" not in parameters(self._root, "outputDefinitions"):
            return None
        result = resolve(root, "result")
        return result if isinstance(result, str) else "*" + json.dumps(result)

    def _submit(self) -> None:
        """Do what the API server does with a specification."""
        containers: dict[str, str] = {}
        for name, component in self._components.items():
            if "executorLabel" in component:
                text = json.dumps(self._executors[component["executorLabel"]]["container"])
                if containers.setdefault(text, name) != name:
                    raise Stuck(f"{name} is taken for {containers[text]}")
        bodies: list[str] = []
        for component in (self._root, *self._components.values()):
            if "dag" in component and not component["dag"]["tasks"]:
                raise Stuck("HTTP 500: a DAG without tasks")
            for task in component.get("dag", {}).get("tasks", {}).values():
                if "parameterIterator" in task:
                    bodies.append(task["componentRef"]["name"])
        if len(set(bodies)) < len(bodies):
            raise Stuck("HTTP 500: template already exists")

    def _dag(self, component: Mapping[str, Any], inputs: Values) -> Execution:
        done: dict[str, Execution] = {}
        tasks = dict(component["dag"]["tasks"])
        while tasks:
            ready = [n for n, t in tasks.items() if all(d in done for d in needed(t))]
            if not ready:
                raise Stuck(f"{sorted(tasks)} wait for what is not there")
            for name in ready:
                done[name] = self._task(tasks.pop(name), inputs, done)
        inner = {d for task in component["dag"]["tasks"].values() for d in needed(task)}
        last = [execution for name, execution in done.items() if name not in inner]
        failed = any(execution.state in ("failed", "omitted") for execution in last)
        # Tasks after one that was skipped by its condition are omitted, and the DAG succeeds.
        if failed and not any(e.state == "failed" for e in done.values()):
            failed = False
        return Execution("failed" if failed else "complete", component, tasks=done)

    def _task(
        self, task: Mapping[str, Any], parent: Values, done: Mapping[str, Execution]
    ) -> Execution:
        name = task["componentRef"]["name"]
        component = self._components[name]
        if not all(waited(text, done) for text in task.get("dependentTasks", ())):
            return Execution("omitted", component)
        inputs = {
            key: given(source, parent, done)
            for key, source in task.get("inputs", {}).get("parameters", {}).items()
        }
        loop = task.get("parameterIterator")
        inputs = typed(component, inputs, loop)
        if "triggerPolicy" in task and not holds(task["triggerPolicy"]["condition"], inputs):
            outputs = dict.fromkeys(parameters(component, "outputDefinitions"), "")
            return Execution("skipped", component, outputs={**outputs})
        if loop is None:
            return self._attempts(task, component, inputs)
        items = loop_items(loop["items"], inputs)
        rest = {k: v for k, v in inputs.items() if k != loop["items"].get("inputParameter")}
        turns = [
            self._attempts(task, component, typed(component, {**rest, loop["itemInput"]: i}, loop))
            for i in items
        ]
        failed = any(turn.state == "failed" for turn in turns)
        return Execution("failed" if failed else "complete", component, iterations=turns)

    def _attempts(
        self, task: Mapping[str, Any], component: Mapping[str, Any], inputs: Values
    ) -> Execution:
        """Run a component until it succeeds, as often as the retry policy of its task says."""
        name = task["componentRef"]["name"]
        for _ in range(task.get("retryPolicy", {}).get("maxRetryCount", 0)):
            execution = self._component(name, component, inputs)
            if execution.state != "failed":
                return execution
        return self._component(name, component, inputs)

    def _component(self, name: str, component: Mapping[str, Any], inputs: Values) -> Execution:
        if "dag" in component:
            return self._dag(component, inputs)
        self.ran.append(name)
        try:
            outputs = self._container(name, inputs)
        except Failed:
            return Execution("failed", component)
        for key, spec in parameters(component, "outputDefinitions").items():
            if not isinstance(outputs.get(key), list if spec["parameterType"] == "LIST" else str):
                raise Stuck(f"{name} wrote {outputs.get(key)!r} as {key}")
        return Execution("complete", component, outputs=outputs)


def command(container: Mapping[str, Any], inputs: Values, paths: Mapping[str, str]) -> list[str]:
    """Return what a container is started with, after Kubeflow, Argo and Kubernetes had it."""

    def replace(match: re.Match[str]) -> str:
        if match[1] == "outputs":
            return paths[match[2]]
        if match[2] not in inputs:
            raise Stuck(f"parameter {match[2]!r} not found in executor input")
        value = inputs[match[2]]
        return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))

    pattern = r"\{\{\$\.(inputs|outputs)\.parameters\['([^']*)'\](?:\.output_file)?\}\}"
    resolved = [re.sub(pattern, replace, t) for t in (*container["command"], *container["args"])]
    for text in resolved:
        if any(mark in text for mark in ("{{", "$(", "$$")):
            raise Stuck(f"an engine reads {text!r} as its own")
        if len(text.encode()) > LONGEST_ARGUMENT:
            raise Stuck("argument list too long")
    return resolved


def parameters(component: Mapping[str, Any], part: str) -> dict[str, Any]:
    found: dict[str, Any] = component.get(part, {}).get("parameters", {})
    return found


def needed(task: Mapping[str, Any]) -> set[str]:
    """The tasks that it waits for, by word and by what it reads."""
    sources = task.get("inputs", {}).get("parameters", {}).values()
    read = {s["taskOutputParameter"]["producerTask"] for s in sources if "taskOutputParameter" in s}
    return read | {t for text in task.get("dependentTasks", ()) for t in terms(text)}


def terms(text: str) -> list[str]:
    """Return the tasks that an entry of `dependentTasks` names."""
    return list(dict.fromkeys(term.partition(".")[0] for term in text.split(" || ")))


def waited(text: str, done: Mapping[str, Execution]) -> bool:
    """Whether an entry of `dependentTasks`, which goes into Argo's `depends`, holds."""
    states = {"Failed": "failed", "Errored": "errored", "": "complete"}
    parts = (term.partition(".") for term in text.split(" || "))
    return any(done[name].state == states[state] for name, _, state in parts)


def given(source: Mapping[str, Any], parent: Values, done: Mapping[str, Execution]) -> Value:
    match source:
        case {"runtimeValue": {"constant": constant}}:
            return str(constant)
        case {"componentInputParameter": name} if name in parent:
            return parent[name]
        case {"taskOutputParameter": {"producerTask": task, "outputParameterKey": key}}:
            return resolve(done[task], key)
    raise Stuck(f"parent DAG does not have what {source} reads")


def typed(component: Mapping[str, Any], inputs: Values, loop: Mapping[str, Any] | None) -> Values:
    """Check and convert inputs as a driver does."""
    found = dict(inputs)
    for name, spec in parameters(component, "inputDefinitions").items():
        if name not in inputs:
            if loop and name in (loop["itemInput"], loop["items"].get("inputParameter")):
                continue
            raise Stuck(f"neither value nor default value for {name!r}")
        value = inputs[name]
        if spec["parameterType"] == "STRING" and not isinstance(value, str):
            found[name] = json.dumps(value)
        if spec["parameterType"] == "LIST" and not isinstance(value, list):
            raise Stuck(f"input parameter {name!r} type mismatch: expect LIST")
    return found


def loop_items(items: Mapping[str, Any], inputs: Values) -> list[Any]:
    if "raw" in items:
        read: list[Any] = json.loads(items["raw"])
        return read
    value = inputs[items["inputParameter"]]
    assert isinstance(value, list)
    return value


def holds(condition: str, inputs: Values) -> bool:
    """Evaluate the two forms of CEL that are used."""
    if condition == "false":
        return False
    match = re.fullmatch(r"inputs\.parameter_values\['(\w+)'\] (==|!=) 'true'", condition)
    if match and match[1] in inputs:
        return (inputs[match[1]] == "true") == (match[2] == "==")
    match = re.fullmatch(r"inputs\.parameter_values\['(\w+)'\] (==|!=) \[\]", condition)
    if match and isinstance(inputs.get(match[1]), list):
        return (inputs[match[1]] == []) == (match[2] == "==")
    raise Stuck(f"evaluation error: {condition}")


def resolve(execution: Execution, key: str) -> Value:
    """Look an output up as a driver does: down through DAGs, to a container or a loop."""
    if execution.state in ("omitted", "failed"):
        raise Stuck("not in tasks")
    if "executorLabel" in execution.component:
        return execution.outputs[key]
    if execution.state == "skipped":
        raise Stuck("the outputs of a DAG that was skipped")
    if execution.iterations is not None:
        if not execution.iterations:
            raise Stuck("subTaskName, not in tasks: nothing was gathered")
        return [gathered(turn, key) for turn in execution.iterations]
    output = execution.component["dag"]["outputs"]["parameters"][key]
    if "valueFromParameter" in output:
        selector = output["valueFromParameter"]
        return resolve(execution.tasks[selector["producerSubtask"]], selector["outputParameterKey"])
    for selector in output["valueFromOneof"]["parameterSelectors"]:
        arm = execution.tasks[selector["producerSubtask"]]
        if arm.state == "complete":
            if "dag" in arm.component:
                raise Stuck("an arm that is a DAG may never count as complete")
            return resolve(arm, selector["outputParameterKey"])
    raise Stuck(f"No successful task found for output key {key!r}")


def gathered(turn: Execution, key: str) -> Value:
    """What one turn of a loop gives, which only containers of its own body give safely."""
    selector = turn.component["dag"]["outputs"]["parameters"][key]["valueFromParameter"]
    task = turn.tasks[selector["producerSubtask"]]
    if task.state != "complete" or "dag" in task.component or selector["outputParameterKey"] != key:
        raise Stuck("nil pointer in the driver")
    return task.outputs[key]
