"""The part of the check that reads the DAG of one component."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Document: TypeAlias = Mapping[str, Any]
Problems: TypeAlias = Iterator[str]

_TASK = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_CONDITION = re.compile(r"inputs\.parameter_values\['([^']*)'\] [!=]= (?:'true'|\[\])")
_ENDED = re.compile(r"([-a-z0-9]+)\.Failed \|\| \1\.Errored \|\| \1")


@dataclass(frozen=True)
class Interface:
    """The types of the inputs and outputs of a component, by name."""

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]

    @classmethod
    def of(cls, component: Document) -> "Interface":
        """Read the interface of `component`."""

        def types(part: str) -> dict[str, str]:
            parameters = component.get(part, {}).get("parameters", {})
            return {name: spec["parameterType"] for name, spec in parameters.items()}

        return cls(types("inputDefinitions"), types("outputDefinitions"))


def awaited(task: Document) -> set[str]:
    """Return the tasks that `task` waits for, whether they must succeed or only end."""
    needed = task.get("dependentTasks", ())
    return {match[1] if (match := _ENDED.fullmatch(text)) else text for text in needed}


class DagVerifier:
    """Checks the DAG of one component."""

    def __init__(
        self, name: str, components: Mapping[str, Document], interfaces: Mapping[str, Interface]
    ) -> None:
        """Take the component called `name`."""
        self._components = components
        self._interfaces = interfaces
        self._own = interfaces[name]
        self._is_body = any(
            task["componentRef"]["name"] == name and "parameterIterator" in task
            for component in components.values()
            for task in component.get("dag", {}).get("tasks", {}).values()
        )
        self._dag: Document = components[name]["dag"]
        self._tasks: Mapping[str, Document] = self._dag["tasks"]

    def problems(self) -> Problems:
        """Yield what is wrong."""
        if not self._tasks:
            yield "has no task"
        for name in self._tasks:
            if not _TASK.fullmatch(name) or f"{name}-driver" in self._tasks:
                yield f"{name!r} is not a legal name of a task"
        yield from self._order_problems()
        for name, task in self._tasks.items():
            for problem in self._task_problems(task):
                yield f"task {name!r}: {problem}"
        yield from self._output_problems()

    # --- tasks -------------------------------------------------------------------------------

    def _order_problems(self) -> Problems:
        done: set[str] = set()
        waiting = {name: awaited(task) for name, task in self._tasks.items()}
        # One round for tasks in the order in which they run, which is that of the file.
        while waiting:
            before = len(waiting)
            for name, needed in list(waiting.items()):
                if done.issuperset(needed):
                    done.add(name)
                    del waiting[name]
            if len(waiting) == before:
                break
        yield from (f"task {name!r} waits for ever" for name in waiting)

    def _task_problems(self, task: Document) -> Problems:
        called = self._interfaces.get(task["componentRef"]["name"])
        if called is None:
            yield f"there is no component {task['componentRef']['name']!r}"
            return
        inputs = task.get("inputs", {}).get("parameters", {})
        wanted = dict(called.inputs)
        if "parameterIterator" in task:
            yield from self._loop_problems(task, inputs, wanted)
            wanted.pop(task["parameterIterator"]["itemInput"], None)
        yield from (f"input {n!r} is not given" for n in sorted(set(wanted) - set(inputs)))
        yield from (f"there is no input {n!r}" for n in sorted(set(inputs) - set(wanted)))
        for name, source in inputs.items():
            found = self._source_type(source, task.get("dependentTasks", ()))
            if found != wanted.get(name, found):
                yield f"input {name!r} receives {found}"
        if "triggerPolicy" in task and task["triggerPolicy"]["condition"] != "false":
            match = _CONDITION.fullmatch(task["triggerPolicy"]["condition"])
            if match is None or match[1] not in inputs:
                yield "its condition reads no input"
        if "retryPolicy" in task and not self._is_container(task):
            yield "retries a DAG"

    def _loop_problems(self, task: Document, inputs: Document, wanted: Document) -> Problems:
        iterator, items = task["parameterIterator"], task["parameterIterator"]["items"]
        if wanted.get(iterator["itemInput"]) != "STRING" or iterator["itemInput"] in inputs:
            yield "its component has no input for an item"
        if self._is_container(task):
            yield "the body of a loop is no DAG"
        if "triggerPolicy" in task:
            yield "a loop under a condition"
        if "raw" in items:
            texts = json.loads(items["raw"])
            if not texts or not all(isinstance(text, str) for text in texts):
                yield "runs over no list of texts"
        elif wanted.get(items["inputParameter"]) != "LIST":
            yield "runs over an input that is no list"

    def _source_type(self, source: Document, needed: list[str]) -> str:
        """Return the type of what `source` reads, or what is wrong with it."""
        match source:
            case {"runtimeValue": {"constant": str()}}:
                return "STRING"
            case {"componentInputParameter": name}:
                return self._own.inputs.get(name, f"{name!r}, which the DAG does not have")
            case {"taskOutputParameter": {"producerTask": task, "outputParameterKey": key}}:
                if task not in needed:
                    return f"an output of {task!r}, for which it does not wait"
                return self._output_types(task).get(key, f"{key!r}, which {task!r} does not make")
        return "nothing"

    def _output_types(self, task: str) -> Mapping[str, str]:
        if task not in self._tasks:
            return {}
        interface = self._interfaces.get(self._tasks[task]["componentRef"]["name"])
        return interface.outputs if interface else {}

    # --- outputs -----------------------------------------------------------------------------

    def _output_problems(self) -> Problems:
        outputs = self._dag.get("outputs", {}).get("parameters", {})
        if set(outputs) != set(self._own.outputs):
            yield "does not declare the outputs that it has"
        uncertain = self._uncertain()
        for name, output in outputs.items():
            match output:
                case {"valueFromParameter": selector}:
                    found = self._direct_problems(name, selector, uncertain)
                case {"valueFromOneof": {"parameterSelectors": selectors}}:
                    found = self._one_of_problems(selectors, uncertain)
                case _:
                    found = iter(["has no source"])
            for problem in found:
                yield f"output {name!r}: {problem}"

    def _uncertain(self) -> set[str]:
        """Return the tasks that run in some cases only: those with a condition, and who waits."""
        found = {name for name, task in self._tasks.items() if "triggerPolicy" in task}
        while more := {
            name
            for name, task in self._tasks.items()
            if name not in found and found & awaited(task)
        }:
            found |= more
        return found

    def _direct_problems(self, name: str, selector: Document, uncertain: set[str]) -> Problems:
        task, key = selector["producerSubtask"], selector["outputParameterKey"]
        if key not in self._output_types(task):
            yield f"no task gives {task}.{key}"
        elif task in uncertain:
            yield f"comes from {task!r}, which may not run"
        elif self._is_body:
            # The backend finds what a loop gathers by one name, in containers of the body.
            if not self._is_container(self._tasks[task]) or key != name:
                yield f"a loop cannot gather {task}.{key}"
        elif (found := self._output_types(task)[key]) != self._own.outputs.get(name):
            yield f"receives {found}"

    def _one_of_problems(self, selectors: list[Document], uncertain: set[str]) -> Problems:
        if len(selectors) < 2:
            yield "has one arm only"
        for selector in selectors:
            task, key = selector["producerSubtask"], selector["outputParameterKey"]
            if self._output_types(task).get(key) != "STRING":
                yield f"no task gives the text {task}.{key}"
            elif not self._is_container(self._tasks[task]):
                yield f"takes an arm from {task!r}, which is no container"
            elif task not in uncertain:
                yield f"takes an arm from {task!r}, which always runs"

    def _is_container(self, task: Document) -> bool:
        return "executorLabel" in self._components[task["componentRef"]["name"]]
