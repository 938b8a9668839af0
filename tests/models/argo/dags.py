"""Runs DAG templates (workflow/controller/dag.go)."""

from collections import deque
from collections.abc import Mapping
from typing import Any

from models.argo import items
from models.argo.conditions import ConditionError, proceeds
from models.argo.dependencies import Dependencies, holds
from models.argo.hooks import ON_EXIT, run_exit_hook
from models.argo.nodes import ERROR, FAILED, OMITTED, RUNNING, SKIPPED, SUCCEEDED, Node
from models.argo.scopes import Scope
from models.argo.state import Flow, Options, ParallelismReached, TemplateFailed, input_names
from models.argo.substitution import MissingVariable, TemplateError
from models.expressions import ExpressionError


class Dag:
    """The tasks of a DAG node, and what was found out about them."""

    def __init__(self, flow: Flow, node: Node) -> None:
        self.flow, self.node = flow, node
        self.tasks = {task["name"]: task for task in node.processed["dag"]["tasks"]}
        self.dependencies = Dependencies(node.processed["dag"]["tasks"])
        self.leaves = self.dependencies.leaves()
        self.visited: set[str] = set()
        self.expansions: dict[str, list[Mapping[str, Any]]] = {}

    def name_of(self, task: str) -> str:
        """Return the name of the node of a task."""
        return f"{self.node.name}.{task}"

    def node_of(self, task: str) -> Node | None:
        """Return the node of a task, if it is there."""
        return self.flow.nodes.get(self.name_of(task))

    @property
    def options(self) -> Options:
        """Return how its tasks are executed."""
        return Options(boundary=self.node.name, place=self.node.place)

    def scope(self, task: str) -> Scope:
        """Return what the task may name: the outputs of all tasks before it."""
        scope = Scope(input_names(self.node.processed))
        for before in self.dependencies.ancestors(task):
            node = self.node_of(before)
            assert node is not None, before
            if node.type == "TaskGroup":
                of_loop = f"{node.name}("
                found = (n for n in self.flow.nodes if n.boundary == self.node.name)
                every = [n for n in found if n.name.startswith(of_loop)]
                scope.add_aggregate("tasks", before, _without_hooks(every))
            self.add(scope, before, node)
        return scope

    def add(self, scope: Scope, task: str, node: Node) -> None:
        """Add what the task gave to a scope."""
        scope.add_node("tasks", task, node, self.flow.nodes)
        template, _ = self.flow.template(self.tasks[task], self.node.place)
        scope.add_skipped("tasks", task, node, template)

    def skip(self, task: str, phase: str, message: str) -> None:
        """Give the task a node of no type, and let it follow what is before it."""
        reference = self.tasks[task]
        name = reference.get("template") or reference["templateRef"]["template"]
        self.flow.nodes.add(
            Node(self.name_of(task), "Skipped", name, self.node.name, phase, message)
        )
        self.connect(task, self.name_of(task))

    def connect(self, task: str, name: str, group: Node | None = None) -> None:
        """Make a node the child of its loop, or of whatever ends what its task follows."""
        before = self.dependencies.of(task)
        if group is not None or not before:
            parent = self.node if group is None else group
            self.flow.nodes.add_child(parent.name, name)
            return
        for each in before:
            for last in self.flow.nodes.outbound(self.name_of(each)):
                self.flow.nodes.add_child(last, name)


def _without_hooks(nodes: list[Node]) -> list[Node]:
    return [node for node in nodes if not node.name.endswith(ON_EXIT)]


def execute(flow: Flow, node: Node) -> None:
    """Go on with a DAG as far as it can go now.

    Raises:
        TemplateError: its outputs cannot be made.
    """
    if node.plan is None:
        node.plan = Dag(flow, node)
    dag: Dag = node.plan
    dag.visited = set()
    for leaf in dag.leaves:
        _run_task(dag, leaf)
    phase = _assess(dag)
    if phase == RUNNING:
        return
    if phase == SUCCEEDED:
        node.outputs = _outputs(dag)
    outbound = [dag.node_of(leaf) for leaf in dag.leaves]
    ends = [end for leaf in outbound if leaf is not None for end in flow.nodes.outbound(leaf.name)]
    node.outbound = ends
    flow.nodes.mark(node, phase)


def _outputs(dag: Dag) -> dict[str, str | None] | None:
    scope = Scope(input_names(dag.node.processed))
    for task in dag.tasks:
        node = dag.node_of(task)
        assert node is not None, task
        if node.type == "TaskGroup":
            scope.add_aggregate("tasks", task, [dag.flow.nodes[c] for c in node.children])
        dag.add(scope, task, node)
        own, _ = dag.flow.template(dag.tasks[task], dag.node.place)
        dag.flow.export(own, node.outputs or {})
    return scope.outputs(dag.node.processed)


# --- one task ------------------------------------------------------------------------------------


def _run_task(dag: Dag, task: str) -> None:
    if task in dag.visited:
        return
    dag.visited.add(task)
    node = dag.node_of(task)
    if node is not None and node.fulfilled:
        if node.completed:
            _hooked(dag, task, node)
        return
    if dag.dependencies.logic(task) and not _may_run(dag, task, node):
        return
    group = node if node is not None and node.type == "TaskGroup" else None
    expansion = _expansion(dag, task)
    if expansion is None:
        return
    if items.is_loop(dag.tasks[task]):
        if not expansion:
            dag.skip(task, SKIPPED, "Skipped, empty params")
        elif group is None:
            dag.connect(task, dag.name_of(task))
            name = expansion[0].get("template", task)
            group = dag.flow.nodes.add(
                Node(dag.name_of(task), "TaskGroup", name, dag.node.name, RUNNING)
            )
    for each in expansion:
        if not _run_one(dag, task, each, group):
            return
    if group is not None:
        _end_group(dag, group, expansion)


def _may_run(dag: Dag, task: str, node: Node | None) -> bool:
    """Run what is before a task; return whether it is its turn now."""
    before = dag.dependencies.of(task)
    for each in before:
        _run_task(dag, each)
    if node is not None:
        return True
    found = {each: dag.node_of(each) for each in before}
    ended = {name: each for name, each in found.items() if each is not None and each.fulfilled}
    if len(ended) < len(found) or not all(_hooks_ended(dag, each) for each in ended.values()):
        return False
    try:
        execute_it = holds(dag.dependencies.logic(task), dag.flow.nodes, ended)
    except ExpressionError as error:
        dag.skip(task, ERROR, str(error))
        return False
    if not execute_it:
        dag.skip(task, OMITTED, "omitted: depends condition not met")
    return execute_it


def _hooks_ended(dag: Dag, node: Node) -> bool:
    children = (dag.flow.nodes.get(child) for child in node.children)
    return all(c is None or not c.hooked or c.fulfilled for c in children)


def _expansion(dag: Dag, task: str) -> list[Mapping[str, Any]] | None:
    """Return the task with its arguments, once or for each item; nothing if it has to wait."""
    if task in dag.expansions:
        return dag.expansions[task]
    try:
        scope = dag.scope(task)
        names = {**dag.flow.names, **scope.names}
        resolved = items.resolved(dag.tasks[task], scope, names)
        dag.expansions[task] = items.expanded(resolved, names)
    except MissingVariable:
        return None
    except (TemplateError, ConditionError) as error:
        if dag.node_of(task) is None:
            dag.skip(task, ERROR, str(error))
        return None
    return dag.expansions[task]


def _run_one(dag: Dag, task: str, each: Mapping[str, Any], group: Node | None) -> bool:
    """Run a task, or one item of its loop; return whether the next item may be looked at."""
    name = dag.name_of(each["name"])
    node = dag.flow.nodes.get(name)
    if node is None:
        dag.connect(task, name, group)
        if not _starts(dag, each, name):
            return True
    try:
        node = dag.flow.execute(
            name, each, each.get("arguments", {}).get("parameters", []), dag.options
        )
    except ParallelismReached:
        node = dag.flow.nodes.get(name)
    except TemplateFailed as error:
        dag.flow.nodes.mark(dag.flow.nodes[name], ERROR, f"task '{name}' errored: {error}")
        return False
    if node is None:
        return False
    return not node.completed or _hooked(dag, task, node)


def _starts(dag: Dag, each: Mapping[str, Any], name: str) -> bool:
    message, phase = "", SKIPPED
    try:
        if proceeds(each.get("when", "")):
            return True
        message = f"when '{each['when']}' evaluated false"
    except ConditionError as error:
        message, phase = str(error), ERROR
    template = each.get("template") or each["templateRef"]["template"]
    dag.flow.nodes.add(Node(name, "Skipped", template, dag.node.name, phase, message))
    return False


def _hooked(dag: Dag, task: str, node: Node) -> bool:
    """Run the exit hook of a node; return whether it, if there is one, has ended."""
    if "exit" not in dag.tasks[task].get("hooks", {}):
        return True
    scope = dag.scope(task)
    scope.names[f"tasks.{task}.status"] = node.phase
    try:
        return run_exit_hook(dag.flow, dag.tasks[task], node, scope, dag.node.place)
    except (TemplateError, TemplateFailed, ParallelismReached):
        return False


def _end_group(dag: Dag, group: Node, expansion: list[Mapping[str, Any]]) -> None:
    phase = SUCCEEDED
    for each in expansion:
        node = dag.node_of(each["name"])
        if node is None or not node.fulfilled:
            return
        if node.unsuccessful:
            phase = node.phase
    dag.flow.nodes.mark(group, phase)


# --- what becomes of the DAG ---------------------------------------------------------------------


def _assess(dag: Dag) -> str:
    """Return the phase of the DAG: its last tasks decide, an omitted one by what is before it.

    A node that is no child of another one is not found, and the DAG runs for ever.
    """
    nodes = dag.flow.nodes
    found: dict[str, str] = {dag.name_of(leaf): "" for leaf in dag.leaves}
    queue = deque((child, SUCCEEDED) for child in dag.node.children)
    seen = set(queue)
    stuck: list[tuple[Node, str]] = []
    while queue:
        name, phase = queue.popleft()
        node = nodes.get(name)
        if node is None:
            return RUNNING
        if not node.fulfilled:
            of_group = _phase_of_ended_group(dag, node)
            if of_group is None:
                return RUNNING
            stuck.append((node, of_group))
            phase = of_group
        elif node.completed:
            phase = node.phase
        if name in found and found[name] not in (FAILED, ERROR):
            found[name] = phase
        for child in _after(dag, node):
            if (child, phase) not in seen:
                seen.add((child, phase))
                queue.append((child, phase))
    for node, phase in stuck:
        nodes.mark(node, phase)
    return _of_leaves(dag, found)


def _after(dag: Dag, node: Node) -> list[str]:
    if node.type != "Retry":
        return node.children
    after: list[str] = []
    for child in reversed(node.children):
        attempt = dag.flow.nodes[child]
        after += [child] if attempt.hooked else attempt.children
    return after


def _phase_of_ended_group(dag: Dag, node: Node) -> str | None:
    if node.type != "TaskGroup" or not node.children:
        return None
    phase = SUCCEEDED
    for name in node.children:
        child = dag.flow.nodes.get(name)
        if child is None or not child.fulfilled:
            return None
        phase = child.phase if child.unsuccessful else phase
    return phase


def _of_leaves(dag: Dag, found: Mapping[str, str]) -> str:
    fail_fast = dag.node.processed["dag"].get("failFast", True)
    result = SUCCEEDED
    for leaf in dag.leaves:
        phase = found[dag.name_of(leaf)]
        if not phase:
            result = RUNNING
            if not fail_fast:
                break
        elif phase in (FAILED, ERROR):
            go_on = dag.tasks[leaf].get("continueOn", {})
            if go_on.get("failed" if phase == FAILED else "error"):
                continue
            result = phase
            if fail_fast:
                break
    return result
