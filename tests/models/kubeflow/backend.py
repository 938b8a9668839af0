"""A model of what the backend of Kubeflow Pipelines does with a pipeline's specification.

It runs DAGs, loops, conditions, merges, attempts and exit tasks as the API server, drivers and
launchers of 2.17.0 were seen to, and raises where those refuse a run or fail it for a reason that
is not a step's. What a container does is given from outside. Outputs of DAGs are looked up where
they are read, as the drivers do.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from models.errors import RunFailed, RunStuck, Unsupported
from models.kubeflow.commands import is_refused
from models.kubeflow.values import Value, holds, is_a, received, text_of, value_of, written

Values: TypeAlias = dict[str, Value]
Container: TypeAlias = Callable[[str, Values, int], Mapping[str, str]]
"""Runs the component of that name with these inputs, as the attempt of that number; returns the
texts of its outputs. It raises `RunFailed` when the container fails."""

SECONDS_OF_A_POD = 60
"""About how long a pod may take; a limit on all attempts together that is not far above that is
met sooner or later."""
_AT_EXIT = "ALL_UPSTREAM_TASKS_COMPLETED"
_TASK_KEYS = {"cachingOptions", "componentRef", "dependentTasks", "inputs", "iteratorPolicy"} | {
    "parameterIterator",
    "retryPolicy",
    "taskInfo",
    "triggerPolicy",
}


class Refused(RunStuck):
    """The API server does not create the run."""


@dataclass
class Execution:
    """A task that ran, was skipped by its condition, or was omitted because of another."""

    state: str
    component: Mapping[str, Any]
    outputs: Values = field(default_factory=dict)
    tasks: "dict[str, Execution]" = field(default_factory=dict)
    iterations: "list[Execution] | None" = None


class Model:
    """Runs of one pipeline; `ran` names the components whose containers were started."""

    def __init__(self, spec: Mapping[str, Any], container: Container, name: str = "run") -> None:
        """Submit it.

        Raises:
            Refused: the API server does not take it.
            Unsupported: it has what the model does not.
        """
        self._components: dict[str, Any] = spec["components"]
        self._executors = spec["deploymentSpec"]["executors"]
        self._root = spec["root"]
        self._container = container
        self._name = name
        self.ran: list[str] = []
        self._submit()

    def run(self, **arguments: Any) -> str | None:
        """Run the pipeline; return the text of its result, or nothing when it has none.

        Raises:
            RunFailed: the run failed because a container did.
            RunStuck: it failed for a reason of the backend's, or was not created.
        """
        root = self._dag(self._root, self._given(arguments))
        if root.state == "failed":
            raise RunFailed("the run failed")
        if "result" not in parameters(self._root, "outputDefinitions"):
            return None
        result = resolve(root, "result")
        return result if isinstance(result, str) else "*" + json.dumps(result)

    def _given(self, arguments: Mapping[str, Any]) -> Values:
        declared = parameters(self._root, "inputDefinitions")
        inputs = {
            n: value_of(p["defaultValue"]) for n, p in declared.items() if "defaultValue" in p
        }
        inputs |= {name: value_of(value) for name, value in arguments.items()}
        wanted = {name for name, spec in declared.items() if not spec.get("isOptional")}
        if wanted - inputs.keys() or inputs.keys() - declared.keys():
            raise Refused(f"HTTP 400: parameters {sorted(set(inputs) ^ set(declared))}")
        for name, value in inputs.items():
            if not is_a(value, declared[name]["parameterType"]):
                raise Refused(f"HTTP 400: input parameter {name} requires another type")
            if is_refused(text_of(value)):
                raise Refused("HTTP 500: failed to resolve {{inputs.parameters}}")
        return inputs

    def _submit(self) -> None:
        """Do what the API server does with a specification."""
        containers: dict[str, str] = {}
        for name, component in self._components.items():
            if "executorLabel" in component:
                container = self._executors[component["executorLabel"]].get("container")
                if container is None:
                    raise Unsupported("an executor that is no container")
                text = json.dumps(container)
                same = containers.setdefault(text, name)
                if same != name and _interface(component) != _interface(self._components[same]):
                    raise RunStuck(f"{name} is taken for {same}")
        bodies = [
            task["componentRef"]["name"] for task in self._tasks() if "parameterIterator" in task
        ]
        if len(set(bodies)) < len(bodies):
            raise Refused("HTTP 500: template already exists")

    def _tasks(self) -> Iterator[Mapping[str, Any]]:
        for component in (self._root, *self._components.values()):
            for part in ("inputDefinitions", "outputDefinitions"):
                if "artifacts" in component.get(part, {}):
                    raise Unsupported("artifacts")
            if "dag" in component and not component["dag"]["tasks"]:
                raise Refused("HTTP 500: a DAG without tasks")
            for task in component.get("dag", {}).get("tasks", {}).values():
                for key in task.keys() - _TASK_KEYS:
                    raise Unsupported(f"task.{key}")
                for source in task.get("inputs", {}).get("parameters", {}).values():
                    if is_refused(str(source.get("runtimeValue", {}).get("constant", ""))):
                        raise Refused("HTTP 500: failed to resolve {{inputs.parameters}}")
                yield task

    def _dag(self, component: Mapping[str, Any], inputs: Values) -> Execution:
        done: dict[str, Execution] = {}
        every = component["dag"]["tasks"]
        tasks = {name: task for name, task in every.items() if not at_exit(task)}
        inner = {d for task in tasks.values() for d in needed(task)}
        while tasks:
            ready = [n for n, t in tasks.items() if all(d in done for d in needed(t))]
            if not ready:
                raise RunStuck(f"{sorted(tasks)} wait for what is not there")
            for name in ready:
                done[name] = self._task(tasks.pop(name), inputs, done)
        last = [execution for name, execution in done.items() if name not in inner]
        failed = any(execution.state in ("failed", "omitted") for execution in last)
        # Tasks after one that was skipped by its condition are omitted, and the DAG succeeds.
        if failed and not any(e.state == "failed" for e in done.values()):
            failed = False
        for name, task in every.items():
            if at_exit(task):
                # What becomes of it changes nothing.
                done[name] = self._task({**task, "dependentTasks": []}, inputs, done)
        return Execution("failed" if failed else "complete", component, tasks=done)

    def _task(
        self, task: Mapping[str, Any], parent: Values, done: Mapping[str, Execution]
    ) -> Execution:
        component = self._components[task["componentRef"]["name"]]
        if not all(waited(text, done) for text in task.get("dependentTasks", ())):
            return Execution("omitted", component)
        inputs = {
            key: value
            for key, source in task.get("inputs", {}).get("parameters", {}).items()
            for value in self._read(source, parent, done)
        }
        loop = task.get("parameterIterator")
        inputs = typed(component, inputs, loop)
        condition = task.get("triggerPolicy", {}).get("condition")
        if condition is not None and not holds(condition, inputs):
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

    def _read(
        self, source: Mapping[str, Any], parent: Values, done: Mapping[str, Execution]
    ) -> Iterator[Value]:
        """Yield the value of an input; nothing for an optional parameter that was not given."""
        match source:
            case {"taskFinalStatus": {"producerTask": task}}:
                state = {"complete": "SUCCEEDED", "failed": "FAILED"}[done[task].state]
                yield {
                    "error": {},
                    "pipelineJobResourceName": self._name,
                    "pipelineTaskName": task,
                    "state": state,
                }
            case {"componentInputParameter": name} if name not in parent and self._optional(name):
                return
            case _:
                yield given(source, parent, done)

    def _optional(self, name: str) -> bool:
        declared = parameters(self._root, "inputDefinitions").get(name, {})
        return bool(declared.get("isOptional"))

    def _attempts(
        self, task: Mapping[str, Any], component: Mapping[str, Any], inputs: Values
    ) -> Execution:
        """Run a component until it succeeds, as often as the retry policy of its task says."""
        name = task["componentRef"]["name"]
        retries = retries_of(task.get("retryPolicy", {}))
        for attempt in range(retries):
            execution = self._component(name, component, inputs, attempt)
            if execution.state != "failed":
                return execution
        return self._component(name, component, inputs, retries)

    def _component(
        self, name: str, component: Mapping[str, Any], inputs: Values, attempt: int
    ) -> Execution:
        if "dag" in component:
            return self._dag(component, inputs)
        self.ran.append(name)
        try:
            texts = self._container(name, inputs, attempt)
        except RunFailed:
            return Execution("failed", component)
        outputs = {
            key: written(texts.get(key), spec["parameterType"], key)
            for key, spec in parameters(component, "outputDefinitions").items()
        }
        return Execution("complete", component, outputs=outputs)


def parameters(component: Mapping[str, Any], part: str) -> dict[str, Any]:
    found: dict[str, Any] = component.get(part, {}).get("parameters", {})
    return found


def _interface(component: Mapping[str, Any]) -> list[Any]:
    return [component.get(part) for part in ("inputDefinitions", "outputDefinitions")]


def at_exit(task: Mapping[str, Any]) -> bool:
    """Whether a task is run when another one has ended, whatever became of that."""
    return bool(task.get("triggerPolicy", {}).get("strategy") == _AT_EXIT)


def retries_of(policy: Mapping[str, Any]) -> int:
    """Return how often a task is tried again."""
    retries = int(policy.get("maxRetryCount", 0))
    limit = policy.get("backoffMaxDuration")
    if not retries or limit is None:
        # Argo then has a limit of no time at all.
        return 0
    if float(limit.removesuffix("s")) < SECONDS_OF_A_POD:
        raise Unsupported(f"backoffMaxDuration: {limit}")
    return retries


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
            return value_of(constant)
        case {"componentInputParameter": name} if name in parent:
            return parent[name]
        case {"taskOutputParameter": {"producerTask": task, "outputParameterKey": key}}:
            return resolve(done[task], key)
    raise RunStuck(f"parent DAG does not have what {source} reads")


def typed(component: Mapping[str, Any], inputs: Values, loop: Mapping[str, Any] | None) -> Values:
    """Check and convert inputs as a driver does."""
    found = dict(inputs)
    for name, spec in parameters(component, "inputDefinitions").items():
        if name in inputs:
            found[name] = received(inputs[name], spec["parameterType"], name)
        elif loop and name in (loop["itemInput"], loop["items"].get("inputParameter")):
            continue
        elif not spec.get("isOptional"):
            raise RunStuck(f"neither value nor default value for {name!r}")
    return found


def loop_items(items: Mapping[str, Any], inputs: Values) -> list[Value]:
    if "raw" in items:
        read: list[Value] = value_of(json.loads(items["raw"]))
        return read
    value = inputs[items["inputParameter"]]
    assert isinstance(value, list)
    return value


def resolve(execution: Execution, key: str) -> Value:
    """Look an output up as a driver does: down through DAGs, to a container or a loop."""
    if execution.state in ("omitted", "failed"):
        raise RunStuck("not in tasks")
    if "executorLabel" in execution.component:
        return execution.outputs[key]
    if execution.state == "skipped":
        raise RunStuck("the outputs of a DAG that was skipped")
    if execution.iterations is not None:
        if not execution.iterations:
            raise RunStuck("subTaskName, not in tasks: nothing was gathered")
        return [gathered(turn, key) for turn in execution.iterations]
    output = execution.component["dag"]["outputs"]["parameters"][key]
    if "valueFromParameter" in output:
        selector = output["valueFromParameter"]
        return resolve(execution.tasks[selector["producerSubtask"]], selector["outputParameterKey"])
    for selector in output["valueFromOneof"]["parameterSelectors"]:
        arm = execution.tasks[selector["producerSubtask"]]
        if arm.state == "complete":
            if not counts_as_complete(arm):
                raise RunStuck("an arm that is a DAG may never count as complete")
            return resolve(arm, selector["outputParameterKey"])
    raise RunStuck(f"No successful task found for output key {key!r}")


def counts_as_complete(arm: Execution) -> bool:
    """Whether the metadata store has a task that ended as complete: a DAG, when all in it ran."""
    if "executorLabel" in arm.component:
        return arm.state == "complete"
    inside = arm.tasks.values() if arm.iterations is None else arm.iterations
    return bool(inside) and all(counts_as_complete(each) for each in inside)


def gathered(turn: Execution, key: str) -> Value:
    """What one turn of a loop gives, which only containers of its own body give safely."""
    selector = turn.component["dag"]["outputs"]["parameters"][key]["valueFromParameter"]
    task = turn.tasks[selector["producerSubtask"]]
    if task.state != "complete" or "dag" in task.component:
        raise RunStuck("nil pointer in the driver")
    return task.outputs[selector["outputParameterKey"]]
