"""A model of what the Argo controller does with the manifests of this target.

It runs DAGs, loops, conditions and expressions as the controller of 4.1.2 was seen to, and raises
where that one hangs or ends a run in Error: on a plain reference to an output that is absent, on an
expression that names something absent, on an item list that is none. What a container does is given
from outside.
"""

import contextlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Outputs: TypeAlias = dict[str, str]
Container: TypeAlias = Callable[[list[str]], Outputs]

TOKEN = re.compile(r"\s*('(?:[^'\\]|\\.)*'|\?\?|==|!=|[\w.]+(?:\['[^']*'\][\w.]*)*|[?:+()])")


LONGEST_ARGUMENT = 131_071
"""Of a process on Linux, in bytes: MAX_ARG_STRLEN, less its last byte."""


class Stuck(Exception):
    """The real controller hangs or ends in Error here."""


class Failed(Exception):
    """A container, or a DAG, ended in failure."""


class Model:
    """Runs of one WorkflowTemplate."""

    def __init__(self, document: Mapping[str, Any], container: Container) -> None:
        self._spec = document["spec"]
        self._templates = {t["name"]: t for t in self._spec["templates"]}
        self._container = container
        self._run: dict[str, str] = {}

    def run(self, **arguments: str) -> str:
        """Run the pipeline; return its result as the entrypoint gives it.

        Raises:
            Failed: the run failed.
        """
        declared = {p["name"]: p.get("value") for p in self._spec["arguments"]["parameters"]}
        self._run = {**declared, **arguments}
        if None in self._run.values():
            raise Stuck("a run parameter has no value")
        return self._template(self._spec["entrypoint"], self._run)["result"]

    def _template(self, name: str, arguments: Mapping[str, str]) -> Outputs:
        template = self._templates[name]
        inputs = {p["name"]: arguments[p["name"]] for p in parameters(template, "inputs")}
        names = {f"inputs.parameters.{k}": v for k, v in inputs.items()}
        names |= {f"workflow.parameters.{k}": v for k, v in self._run.items()}
        if "container" in template:
            written = self._attempts(template, names)
            return {p["name"]: written[p["name"]] for p in parameters(template, "outputs")}
        for task in ordered(template["dag"]["tasks"], names):
            names |= self._task(task, names)
        fail_by_leaves(template["dag"]["tasks"], names)
        return {
            output["name"]: given(output["valueFrom"], names)
            for output in parameters(template, "outputs")
        }

    def _attempts(self, template: Mapping[str, Any], names: Mapping[str, str]) -> Outputs:
        """Run a container until it succeeds, as often as its retry strategy says."""
        arguments = [filled(a, names) for a in template["container"]["args"]]
        long = [a for a in arguments if len(a.encode()) > LONGEST_ARGUMENT]
        if long:
            raise Stuck(f"the argument {long[0][:40]!r}... has {len(long[0])} bytes")
        for _ in range(int(template.get("retryStrategy", {}).get("limit", 0))):
            with contextlib.suppress(Failed):
                return self._container(arguments)
        return self._container(arguments)

    def _task(self, task: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
        """Run a task; return the names that it adds."""
        prefix = f"tasks.{task['name']}"
        if "when" in task and filled(task["when"], names) != "true":
            return {f"{prefix}.status": "Skipped"}
        arguments = parameters(task, "arguments")
        if "withItems" not in task and "withParam" not in task:
            try:
                outputs = self._template(task["template"], values(arguments, names))
            except Failed:
                return {f"{prefix}.status": "Failed"}
        else:
            items = task.get("withItems") or json.loads(filled(task["withParam"], names))
            if not isinstance(items, list):
                raise Stuck(f"no list of items: {items!r}")
            if not items:
                return {f"{prefix}.status": "Skipped"}
            turns, failed = [], False
            for item in items:
                given = values(arguments, {**names, "item": item})
                try:
                    turns.append(self._template(task["template"], given))
                except Failed:
                    failed = True
            if failed:
                return {f"{prefix}.status": "Failed"}
            outputs = {name: aggregated([turn[name] for turn in turns]) for name in turns[0]}
        named = {f"{prefix}.outputs.parameters.{k}": v for k, v in outputs.items()}
        return {f"{prefix}.status": "Succeeded", **named}


def parameters(owner: Mapping[str, Any], part: str) -> list[Any]:
    found: list[Any] = owner.get(part, {}).get("parameters", [])
    return found


def ordered(tasks: list[Any], names: dict[str, str]) -> Any:
    """Yield the tasks when what they depend on holds, the last written first; omit the others."""
    waiting = list(tasks)
    while waiting:
        ready = [task for task in waiting if depends(task, names)]
        ended = [task for task in waiting if all(f"tasks.{n}.status" in names for n in named(task))]
        if ready:
            waiting.remove(ready[-1])
            yield ready[-1]
        elif ended:
            waiting.remove(ended[-1])
            names[f"tasks.{ended[-1]['name']}.status"] = "Omitted"
        else:
            raise Stuck(f"nothing ends {[task['name'] for task in waiting]}")


def depends(task: Mapping[str, Any], names: Mapping[str, str]) -> bool:
    """Whether what `task` depends on holds; unknown while one of those tasks has not ended."""
    if not all(f"tasks.{name}.status" in names for name in named(task)):
        return False

    def holds(term: str) -> bool:
        name, _, status = term.rpartition(".")
        return names[f"tasks.{name}.status"] == status

    text = task.get("depends", "")
    return not text or any(
        all(holds(term) for term in alternative.split(" && ")) for alternative in text.split(" || ")
    )


def named(task: Mapping[str, Any]) -> list[str]:
    """Return the tasks that `task` depends on."""
    return re.findall(r"([\w-]+)\.[A-Z]", task.get("depends", ""))


def fail_by_leaves(tasks: list[Any], names: Mapping[str, str]) -> None:
    """Do what the controller does at the end of a DAG: its last tasks decide."""
    inner = {name for task in tasks for name in named(task)}
    for task in tasks:
        status = names[f"tasks.{task['name']}.status"]
        if task["name"] not in inner and status not in ("Succeeded", "Skipped"):
            raise Failed(f"{task['name']}: {status}")


def values(arguments: list[Any], names: Mapping[str, str]) -> dict[str, str]:
    return {a["name"]: filled(a["value"], names) for a in arguments}


def filled(text: str, names: Mapping[str, str]) -> str:
    def fill(match: re.Match[str]) -> str:
        if match[1].startswith("="):
            value = evaluated(match[1][1:], names)
            return str(value).lower() if isinstance(value, bool) else str(value)
        if match[1] not in names:
            raise Stuck(f"unresolved {match[1]!r}")
        return names[match[1]]

    return re.sub(r"\{\{(.*?)\}\}", fill, text)


def given(source: Mapping[str, str], names: Mapping[str, str]) -> str:
    if "parameter" in source:
        return filled(source["parameter"], names)
    value = evaluated(source["expression"], names)
    if not isinstance(value, str):
        raise Stuck(f"{source['expression']!r} gives {value!r}")
    return value


def aggregated(texts: list[str]) -> str:
    """Return the outputs of a loop as the controller does: decoded when all are lists or maps."""
    try:
        decoded = [json.loads(text) for text in texts]
    except ValueError:
        decoded = []
    if decoded and all(isinstance(value, list | dict) for value in decoded):
        raise Stuck(f"decoded and encoded anew by the engine: {texts}")
    return json.dumps(texts)


def evaluated(expression: str, names: Mapping[str, str]) -> object:
    """Evaluate an expression; an output of a skipped task is nil, anything else must exist."""
    reader = _Reader(TOKEN.findall(expression), names)
    if "".join(reader.tokens) != re.sub(r"'(?:[^'\\]|\\.)*'|\s", _without_spaces, expression):
        raise Stuck(f"no expression: {expression!r}")
    value = reader.ternary()
    assert not reader.tokens, expression
    return value


def _without_spaces(match: re.Match[str]) -> str:
    return match[0] if match[0].startswith("'") else ""


class _Reader:
    """Evaluates the tokens of an expression; each method takes what it reads."""

    def __init__(self, tokens: list[str], names: Mapping[str, str]) -> None:
        self.tokens = tokens
        self._names = names

    def _taken(self, *expected: str) -> str | None:
        return self.tokens.pop(0) if self.tokens and self.tokens[0] in expected else None

    def ternary(self) -> object:
        test = self._compared()
        if not self._taken("?"):
            return test
        then = self.ternary()
        assert self._taken(":")
        otherwise = self.ternary()
        return then if test else otherwise

    def _compared(self) -> object:
        left = self._added()
        if operator := self._taken("==", "!="):
            return (left == self._added()) is (operator == "==")
        return left

    def _added(self) -> object:
        left = self._atom()
        while operator := self._taken("+", "??"):
            right = self._atom()
            if operator == "+":
                assert isinstance(left, str)
                assert isinstance(right, str)
                left += right
            elif left is None:
                left = right
        return left

    def _atom(self) -> object:
        token = self.tokens.pop(0)
        if token == "(":
            value = self.ternary()
            assert self._taken(")")
            return value
        if token.startswith("'"):
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        name = re.sub(r"\['(.*?)'\]", r".\1", token)
        if name in self._names:
            return self._names[name]
        task = ".".join(name.split(".")[:2])
        if self._names.get(f"{task}.status") in ("Skipped", "Failed"):
            return None
        raise Stuck(f"absent: {token!r}")
