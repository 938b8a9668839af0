"""Checks a DAG file before it is written: every name in it resolves and every text is safe.

Nothing else would: Airflow finds a broken reference only when a task is rendered.
"""

import re
from collections import Counter
from collections.abc import Iterator

from headrace.compiler.diagnostics import InternalError
from headrace.targets.airflow import manifest
from headrace.targets.airflow.graph import STARTED
from headrace.targets.airflow.verify_file import file_problems
from headrace.targets.airflow.verify_templates import Reference, read

MAX_ID_LENGTH = 250
"""Characters in a DAG's or a task's id: `airflow.utils.helpers.validate_key`."""

_LEGAL_ID = re.compile(r"[A-Za-z0-9_.-]+")


def verify(dag: manifest.Dag, text: str) -> None:
    """Check `dag`, and `text`, which was written from it.

    Raises:
        InternalError: naming everything that is wrong.
    """
    problems = [*_ids(dag), *_Texts(dag).problems(), *file_problems(dag, text)]
    if problems:
        raise InternalError("wrong DAG file: " + "; ".join(problems))


def _ids(dag: manifest.Dag) -> Iterator[str]:
    names = [parameter.name for parameter in dag.parameters]
    repeated = [name for name, count in Counter(names).items() if count > 1]
    yield from (f"two parameters are called {name}" for name in repeated)
    seen: set[str] = set()
    groups = [member.group_id for member in dag.members if isinstance(member, manifest.Group)]
    for id_ in (*(task.task_id for task in dag.tasks), *groups):
        if id_ in seen:
            yield f"two tasks are called {id_}"
        seen.add(id_)
    for id_ in (dag.dag_id, *seen):
        if not _LEGAL_ID.fullmatch(id_) or len(id_) > MAX_ID_LENGTH:
            yield f"{id_} is no legal id"


class _Texts:
    """Checks the templates of a DAG's tasks against its tasks, their outputs and its parameters."""

    def __init__(self, dag: manifest.Dag) -> None:
        self._dag = dag
        self._parameters = {parameter.name for parameter in dag.parameters}
        self._outputs = {task.task_id: _outputs(task) for task in dag.tasks}
        self._groups = {
            task.task_id: member.group_id
            for member in dag.members
            if isinstance(member, manifest.Group)
            for task in member.tasks
        }

    def problems(self) -> Iterator[str]:
        for _, text in self._dag.environment:
            yield from self._template(text, None)
        for task in self._dag.tasks:
            group = self._groups.get(task.task_id)
            for text in _templates(task):
                yield from self._template(text, group)
            for text in task.arguments if isinstance(task, manifest.PodTask) else ():
                if "$" in text and re.search(r"\$[($]", re.sub(r"\{\{.*?\}\}", "", text)):
                    yield f"Kubernetes changes {text!r}"
            for guard in task.guards:
                if guard.output not in (self._outputs.get(guard.task_id) or ()):
                    yield f"{task.task_id} tests {guard.output} of {guard.task_id}: no such output"
                if guard.same_item and self._groups.get(guard.task_id) != group:
                    yield f"{task.task_id} tests an item of {guard.task_id}, of another group"

    def _template(self, text: str, group: str | None) -> Iterator[str]:
        if text.endswith("\n") or "\r" in text:
            yield f"{text!r} loses a line end when it is rendered"
        if "{" not in text:
            return
        for reading in read(text):
            if reading.error:
                yield f"{text!r} is no template: {reading.error}"
            if reading.unknown:
                yield f"{text!r} reads {', '.join(reading.unknown)}"
            for reference in reading.references:
                yield from self._reference(reference, group)

    def _reference(self, reference: Reference, group: str | None) -> Iterator[str]:
        name, task_id = reference.name, reference.task_id
        if reference.kind == "parameter":
            if name not in self._parameters:
                yield f"no parameter is called {name}"
        elif reference.kind == "output":
            if name not in (self._outputs.get(task_id) or ()):
                yield f"{task_id} has no output {name}"
        elif task_id not in self._outputs:
            yield f"no task is called {task_id}"
        elif reference.one_item and (group is None or self._groups.get(task_id) != group):
            yield f"{task_id} has no item in common with the task that reads it"


def _outputs(task: manifest.Task) -> tuple[str, ...]:
    if isinstance(task, manifest.PodTask):
        return task.outputs
    if isinstance(task, manifest.ChoiceTask):
        return tuple(name for name, _ in task.templates)
    return (STARTED,) if isinstance(task, manifest.StartTask) else ()


def _templates(task: manifest.Task) -> Iterator[str]:
    match task:
        case manifest.PodTask():
            yield from task.arguments
            yield from (value for _, value in task.environment)
            for pairs in (task.node_selector, task.labels, task.annotations):
                yield from (value for _, value in pairs)
            yield from _texts_in(task.pod)
            yield from [task.image] if task.image is not None else []
        case manifest.ListTask() | manifest.ResultTask():
            yield task.template
        case manifest.ChoiceTask():
            yield from (template for _, template in task.templates)


def _texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts_in(inner)
