"""Checks a DAG file before it is written: every name in it resolves and every text is safe.

Nothing else would: Airflow finds a broken reference only when a task is rendered.
"""

import ast
import re
from collections.abc import Iterator

from jinja2 import Environment, TemplateSyntaxError, meta, nodes

from headrace.compiler.diagnostics import InternalError
from headrace.targets.airflow import manifest
from headrace.targets.airflow.graph import STARTED

MAX_ID_LENGTH = 250
"""Characters in a DAG's or a task's id: `airflow.utils.helpers.validate_key`."""

_LEGAL_ID = re.compile(r"[A-Za-z0-9_.-]+")
_JINJA = Environment(autoescape=False)


def verify(dag: manifest.Dag, text: str) -> None:
    """Check `dag`, and `text`, which was written from it.

    Raises:
        InternalError: naming everything that is wrong.
    """
    problems = [*_ids(dag), *_Texts(dag).problems(), *_file(dag, text)]
    if problems:
        raise InternalError("wrong DAG file: " + "; ".join(problems))


def _ids(dag: manifest.Dag) -> Iterator[str]:
    names = [parameter.name for parameter in dag.parameters]
    yield from (f"two parameters are called {name}" for name in names if names.count(name) > 1)
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
                if re.search(r"\$[($]", re.sub(r"\{\{.*?\}\}", "", text)):
                    yield f"Kubernetes changes {text!r}"
            for guard in task.guards:
                if guard.output not in (self._outputs.get(guard.task_id) or ()):
                    yield f"{task.task_id} tests {guard.output} of {guard.task_id}: no such output"
                if guard.same_item and self._groups.get(guard.task_id) != group:
                    yield f"{task.task_id} tests an item of {guard.task_id}, of another group"

    def _template(self, text: str, group: str | None) -> Iterator[str]:
        try:
            tree = _JINJA.parse(text)
        except TemplateSyntaxError as error:
            yield f"{text!r} is no template: {error}"
            return
        if unknown := meta.find_undeclared_variables(tree) - {"ti", "params"}:
            yield f"{text!r} reads {', '.join(sorted(unknown))}"
        if text.endswith("\n") or "\r" in text:
            yield f"{text!r} loses a line end when it is rendered"
        for item in tree.find_all(nodes.Getitem):
            yield from self._item(item)
        for call in tree.find_all(nodes.Call):
            yield from self._call(call, group)

    def _item(self, item: nodes.Getitem) -> Iterator[str]:
        if not isinstance(item.arg, nodes.Const):
            return
        if isinstance(item.node, nodes.Name) and item.node.name == "params":
            if item.arg.value not in self._parameters:
                yield f"no parameter is called {item.arg.value}"
        elif isinstance(item.node, nodes.Call):
            for task_id in _pulled(item.node):
                if item.arg.value not in (self._outputs.get(task_id) or ()):
                    yield f"{task_id} has no output {item.arg.value}"

    def _call(self, call: nodes.Call, group: str | None) -> Iterator[str]:
        one_item = any(keyword.key == "map_indexes" for keyword in call.kwargs)
        for task_id in _pulled(call):
            if task_id not in self._outputs:
                yield f"no task is called {task_id}"
            elif one_item and (group is None or self._groups.get(task_id) != group):
                yield f"{task_id} has no item in common with the task that reads it"


def _pulled(call: nodes.Call) -> list[str]:
    for keyword in call.kwargs:
        if keyword.key == "task_ids":
            value = keyword.value.as_const()
            return [value] if isinstance(value, str) else list(value)
    return []


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
            yield from (value for _, value in task.node_selector)
            yield from [task.image] if task.image is not None else []
        case manifest.ListTask() | manifest.ResultTask():
            yield task.template
        case manifest.ChoiceTask():
            yield from (template for _, template in task.templates)


def _file(dag: manifest.Dag, text: str) -> Iterator[str]:
    """Yield what is wrong with the Python text: its syntax, or an edge to a name not yet bound."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        yield f"line {error.lineno}: {error.msg}"
        return
    literals = {
        keyword.value.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg == "task_id" and isinstance(keyword.value, ast.Constant)
    }
    if literals != {task.task_id for task in dag.tasks}:
        yield f"the file has the tasks {sorted(map(str, literals))}"
    bound = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and _binds(n)}
    bound |= {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    for edge in (n for n in ast.walk(tree) if isinstance(n, ast.BinOp)):
        for name in (n for n in ast.walk(edge) if isinstance(n, ast.Name)):
            if name.id not in bound:
                yield f"line {name.lineno}: {name.id} is not bound"


def _binds(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)
