"""The check of a finished manifest: everything that it refers to is there.

Neither the CRDs nor any model of Argo's objects notices a reference to something absent, and the
controller hangs on some of them without a word. This check reads the documents as they are written
and trusts nothing of how they were made.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from headrace.compiler.diagnostics import InternalError
from headrace.targets.argo.verify_expressions import Problems, Readable, expression, tags

Document: TypeAlias = Mapping[str, Any]

_NAME = re.compile(r"[a-z]([-a-z0-9]{0,126}[a-z0-9])?")
_PARAMETER = re.compile(r"[A-Za-z0-9_-]+")
_KINDS = ("dag", "container", "suspend")
_DEPENDS = re.compile(r"([a-z0-9-]+)\.Succeeded")
_ENDED = re.compile(r"([a-z0-9-]+)\.Succeeded \|\| \1\.Failed \|\| \1\.Errored")


def verify(workflow_templates: Sequence[Document]) -> None:
    """Check the documents of the WorkflowTemplates of a pipeline; runs refer to the first.

    Raises:
        InternalError: something in them refers to what is not there, or is called what Argo
            refuses.
    """
    first = workflow_templates[0]
    problems = list(_object_problems(workflow_templates))
    if not problems:
        # From here on it does not matter any more which object holds a template.
        templates = [t for o in workflow_templates for t in o["spec"]["templates"]]
        whole = {**first, "spec": {**first["spec"], "templates": templates}}
        problems += _Verifier(whole).problems()
    if problems:
        raise InternalError(f"manifest of {first['metadata']['name']!r}: " + "; ".join(problems))


def _object_problems(workflow_templates: Sequence[Document]) -> Problems:
    """Yield what is wrong with names of objects, and with references from one to another."""
    held = {
        each["metadata"]["name"]: {template["name"] for template in each["spec"]["templates"]}
        for each in workflow_templates
    }
    if len(held) != len(workflow_templates):
        yield "two objects of one name"
    for each in workflow_templates:
        name = each["metadata"]["name"]
        others = set().union(*(held[other] for other in held if other != name))
        for task in (task for template in each["spec"]["templates"] for task in _tasks(template)):
            reference = task.get("templateRef")
            if (reference is not None) == ("template" in task):
                yield f"task {task['name']!r} names no template, or two"
            elif reference is None:
                if task["template"] in others:
                    yield f"task {task['name']!r}: {task['template']!r} is in another object"
            elif reference["name"] == name:
                yield f"task {task['name']!r} refers to its own object"
            elif reference["template"] not in held.get(reference["name"], ()):
                yield f"task {task['name']!r}: there is no template {tuple(reference.values())}"


def verify_schedule(cron_workflow: Document, workflow_template: Document) -> None:
    """Check that a CronWorkflow starts runs of that WorkflowTemplate.

    Raises:
        InternalError: it names another one.
    """
    reference = cron_workflow["spec"]["workflowSpec"]["workflowTemplateRef"]["name"]
    if reference != workflow_template["metadata"]["name"]:
        raise InternalError(f"schedule of {reference!r}, which is not there")


@dataclass(frozen=True)
class _Interface:
    """The names of a template's inputs and outputs."""

    inputs: frozenset[str]
    outputs: frozenset[str]


class _Verifier:
    def __init__(self, document: Document) -> None:
        spec = document["spec"]
        self._entrypoint: str = spec["entrypoint"]
        self._templates: list[Document] = spec["templates"]
        self._run = {p["name"]: p for p in spec["arguments"]["parameters"]}
        self._volumes = {volume["name"] for volume in spec.get("volumes", ())}
        self._interfaces = {
            t["name"]: _Interface(
                frozenset(p["name"] for p in _parameters(t, "inputs")),
                frozenset(p["name"] for p in _parameters(t, "outputs")),
            )
            for t in self._templates
        }

    def problems(self) -> Problems:
        names = [template["name"] for template in self._templates]
        yield from (f"two templates {n!r}" for n in sorted(_repeated(names)))
        yield from self._entry_problems()
        yield from self._reach_problems()
        for template in self._templates:
            for problem in self._template_problems(template):
                yield f"template {template['name']!r}: {problem}"

    def _entry_problems(self) -> Problems:
        entry = self._interfaces.get(self._entrypoint)
        if entry is None:
            yield f"no entrypoint {self._entrypoint!r}"
            return
        for name in sorted(entry.inputs - set(self._run)):
            yield f"the entrypoint reads run parameter {name!r}, which is not declared"

    def _reach_problems(self) -> Problems:
        """Every template is called, and none by itself, however indirectly."""
        calls = {t["name"]: [_called(task) for task in _tasks(t)] for t in self._templates}
        reached = _closure(calls, [self._entrypoint])
        yield from (f"template {n!r} is never called" for n in calls if n not in reached)
        for name, called in calls.items():
            if name in _closure(calls, called):
                yield f"template {name!r} calls itself"

    def _template_problems(self, template: Document) -> Problems:
        if not _NAME.fullmatch(template["name"]):
            yield "not a name that a pod may carry"
        kinds = [kind for kind in _KINDS if kind in template]
        if len(kinds) != 1:
            yield f"has {len(kinds)} of {', '.join(_KINDS)}"
        for part in ("inputs", "outputs"):
            yield from _name_problems(part, [p["name"] for p in _parameters(template, part)])
        if "container" in template:
            yield from self._container_problems(template)
        if "dag" in template:
            yield from self._dag_problems(template)

    def _container_problems(self, template: Document) -> Problems:
        container = template["container"]
        readable = self._readable(template)
        texts = [*container["command"], *container["args"], container["image"]]
        texts += [variable.get("value", "") for variable in container.get("env", ())]
        for text in texts:
            yield from tags(text, readable)
        own = {volume["name"] for volume in template.get("volumes", ())}
        for mount in container.get("volumeMounts", ()):
            if mount["name"] not in self._volumes | own:
                yield f"there is no volume {mount['name']!r}"
        for output in _parameters(template, "outputs"):
            path = output["valueFrom"].get("path")
            if not path or f"--output={output['name']}={path}" not in container["args"]:
                yield f"output {output['name']!r} is not written by the command"
        if "retryStrategy" in template:
            yield from expression(template["retryStrategy"]["expression"], Readable(retry=True))

    def _readable(self, template: Document) -> Readable:
        return Readable(
            inputs=self._interfaces[template["name"]].inputs, workflow=frozenset(self._run)
        )

    # --- DAGs --------------------------------------------------------------------------------

    def _dag_problems(self, template: Document) -> Problems:
        tasks = _tasks(template)
        if not tasks:
            yield "has no task"
        yield from _name_problems("tasks", [task["name"] for task in tasks], _NAME)
        by_name = {task["name"]: task for task in tasks}
        succeeded: dict[str, list[str]] = {}
        ended: dict[str, list[str]] = {}
        for task in tasks:
            succeeded[task["name"]], ended[task["name"]] = _depends(task)
            for name in (*succeeded[task["name"]], *ended[task["name"]]):
                if name not in by_name:
                    depends = task["depends"]
                    yield f"task {task['name']!r} depends on {depends!r}: {name!r} is no task"
        edges = {name: [*succeeded[name], *ended[name]] for name in by_name}
        around = _all_before(edges)
        before = _all_before(succeeded)
        certain = {task["name"]: self._outputs_of(task) for task in tasks if _is_certain(task)}
        for task in tasks:
            name = task["name"]
            if name in around[name]:
                yield f"task {name!r} depends on itself"
            readable = self._readable(template).with_tasks(_Succeeded(certain, before[name]))
            for problem in self._task_problems(template, task, readable):
                yield f"task {name!r}: {problem}"
        yield from self._output_problems(template)

    def _task_problems(self, template: Document, task: Document, readable: Readable) -> Problems:
        called = self._interfaces.get(_called(task))
        if called is None:
            yield f"there is no template {_called(task)!r}"
            return
        arguments = {a["name"]: a["value"] for a in _parameters(task, "arguments")}
        yield from (f"input {n!r} is not given" for n in sorted(called.inputs - set(arguments)))
        yield from (f"there is no input {n!r}" for n in sorted(set(arguments) - called.inputs))
        loops = "withItems" in task or "withParam" in task
        if loops and ("when" in task or ("withItems" in task and not task["withItems"])):
            yield "a loop under a condition, or over an empty list of constants"
        yield from tags(task.get("withParam", ""), readable, whole=True)
        for item in task.get("withItems", ()):
            yield from tags(item, Readable(), whole=True)
        when = task.get("when", "false")
        if when.startswith("{{=") and when.endswith("}}"):
            yield from expression(when[3:-2], self._readable(template))
        elif when != "false":
            yield f"condition {when!r} is no expression"
        for value in arguments.values():
            yield from tags(value, readable.with_item() if loops else readable, whole=True)

    def _outputs_of(self, task: Document) -> frozenset[str]:
        interface = self._interfaces.get(_called(task))
        return interface.outputs if interface else frozenset()

    def _output_problems(self, template: Document) -> Problems:
        tasks = _tasks(template)
        may_fail = {name for task in tasks for name in _depends(task)[1]}
        surely = [t for t in tasks if _is_certain(t) and t["name"] not in may_fail]
        made = {task["name"]: self._outputs_of(task) for task in surely}
        certain = self._readable(template).with_tasks(made)
        perhaps = {t["name"]: self._outputs_of(t) for t in tasks if t["name"] not in made}
        for output in _parameters(template, "outputs"):
            source = output["valueFrom"]
            found: Problems = iter(())
            if set(source) == {"parameter"}:
                found = tags(source["parameter"], certain, whole=True, needed=True)
            elif set(source) == {"expression"}:
                found = expression(source["expression"], certain.with_perhaps(perhaps))
            else:
                yield f"output {output['name']!r} has no source"
            for problem in found:
                yield f"output {output['name']!r}: {problem}"


class _Succeeded(Mapping[str, frozenset[str]]):
    """The outputs of those tasks that have certainly succeeded when another one starts."""

    def __init__(self, certain: Mapping[str, frozenset[str]], before: set[str]) -> None:
        self._certain = certain
        self._before = before

    def __getitem__(self, task: str) -> frozenset[str]:
        if task not in self._before:
            raise KeyError(task)
        return self._certain[task]

    def __iter__(self) -> Iterator[str]:
        return (task for task in self._certain if task in self._before)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _parameters(owner: Document, part: str) -> list[Document]:
    found: list[Document] = owner.get(part, {}).get("parameters", [])
    return found


def _tasks(template: Document) -> list[Document]:
    found: list[Document] = template.get("dag", {}).get("tasks", [])
    return found


def _depends(task: Document) -> tuple[list[str], list[str]]:
    """Return the tasks that must have succeeded, and those that must have ended in any way."""
    text = task.get("depends", "")
    if match := _ENDED.fullmatch(text):
        return [], [match[1]]
    terms = text.split(" && ") if text else []
    found = [_DEPENDS.fullmatch(term) for term in terms]
    return [m[1] if m else f"{term} (?)" for m, term in zip(found, terms, strict=True)], []


def _called(task: Document) -> str:
    """Return the template that `task` runs, in whichever object."""
    name: str = task["template"] if "template" in task else task["templateRef"]["template"]
    return name


def _is_certain(task: Document) -> bool:
    """Whether the task's outputs are there, one of each, once it has succeeded."""
    return not {"when", "withItems", "withParam"} & set(task)


def _all_before(edges: Mapping[str, list[str]]) -> dict[str, set[str]]:
    """Return all that each task waits for, also through others."""
    before: dict[str, set[str]] = {}
    for task, direct in edges.items():
        if all(name in before for name in direct):
            before[task] = set(direct).union(*(before[name] for name in direct))
        else:
            before[task] = _closure(edges, direct)
    return before


def _closure(edges: Mapping[str, Iterable[str]], start: Iterable[str]) -> set[str]:
    reached: set[str] = set()
    todo = list(start)
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo.extend(edges.get(name, ()))
    return reached


def _repeated(names: Iterable[str]) -> set[str]:
    return {name for name, count in Counter(names).items() if count > 1}


def _name_problems(
    what: str, names: list[str], legal: re.Pattern[str] = _PARAMETER
) -> Iterator[str]:
    repeated = _repeated(names)
    for name in dict.fromkeys(names):
        if name in repeated:
            yield f"two {what} {name!r}"
        if not legal.fullmatch(name):
            yield f"{name!r} in {what} is not a legal name"
