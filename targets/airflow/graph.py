"""The tasks that a pipeline becomes on Airflow, and which of them wait for which.

The engine decides a run's state by its last tasks alone, and skips a task whose rule is
`all_success` as soon as one task before it is skipped, even while another one still runs and may
fail. So this module keeps account of which edges really hold a task back.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from headrace.compiler import dataflow, ir
from headrace.compiler.dataflow import AnyReference, AnyValue
from headrace.compiler.diagnostics import InternalError
from headrace.targets.airflow.manifest import TriggerRule

RESULT = "pipeline-result"
"""The id of the last task, whose XCom is the result of the run, unless a step has that id."""


STARTED = "started"
"""The output of the task that marks that a guarded block has started; it is `true`."""

Truth = Literal["true", "false"]


@dataclass(frozen=True)
class Arm:
    """An arm of a branch: it runs if `condition` is the text `expected`."""

    condition: ir.Output
    expected: Truth


@dataclass
class GraphTask:
    """A task: where it stands, what it reads, and the tasks it waits for, in order.

    `node` is absent for the last task. `purpose` says which of a node's tasks it is: a step
    itself, the list of a map, the texts that a map gives for an item, the start of a guard, or the
    run's result. `ended` are tasks that must have ended, in any state, before a cleanup starts.
    """

    task_id: str
    purpose: str
    node: dataflow.AnyNode | None = None
    map_id: str | None = None
    arms: tuple[Arm, ...] = ()
    reads: tuple[AnyReference, ...] = ()
    upstream: dict[str, None] = field(default_factory=dict)
    ended: tuple[str, ...] = ()


class Graph:
    """The tasks of a pipeline by id, in the order of the file, with their edges."""

    def __init__(self, pipeline: ir.Pipeline) -> None:
        """Lower `pipeline`, which has no map inside a map."""
        self.tasks: dict[str, GraphTask] = {}
        self.maps: dict[str, ir.Map] = {}
        self.branches: dict[str, ir.Branch] = {}
        self.guarded: dict[str, ir.Guard] = {}
        self.nodes: dict[str, dataflow.AnyNode] = {}
        for node in dataflow.walk(pipeline.body):
            self.nodes[node.id] = node
            if isinstance(node, ir.Map):
                self.maps[node.id] = node
            if isinstance(node, ir.Branch):
                self.branches[node.id] = node
            if isinstance(node, ir.Guard):
                self.guarded[node.id] = node
        self._ids = set(self.nodes)
        self.list_ids = {id_: self._fresh(f"{id_}-list") for id_ in self.maps}
        self.choice_ids = {id_: self._fresh(f"{id_}-values") for id_ in self.maps}
        self.start_ids = {id_: self._fresh(f"{id_}-start") for id_ in self.guarded}
        self._order: list[str] = []
        self._places: dict[str, list[int]] = {}
        self._add_block(pipeline.body, None, ())
        self._add_edges()
        self._add_order(pipeline.body)
        self._add_result(pipeline.result)

    def _fresh(self, wanted: str) -> str:
        found, number = wanted, 2
        while found in self._ids:
            found, number = f"{wanted}-{number}", number + 1
        self._ids.add(found)
        return found

    # --- tasks -----------------------------------------------------------------------------------

    def _add_block(self, block: ir.Block, map_id: str | None, arms: tuple[Arm, ...]) -> None:
        for node in block.nodes:
            match node:
                case ir.Call() | ir.Compute():
                    reads = tuple(dataflow.node_references(node))
                    self._add(GraphTask(node.id, "step", node, map_id, arms, reads))
                case ir.Map():
                    items = tuple(dataflow.references(node.items))
                    self._add(GraphTask(self.list_ids[node.id], "list", node, None, arms, items))
                    self._add_block(node.body, node.id, arms)
                    self._add_choice(node, arms)
                case ir.Branch():
                    condition = tested(node)
                    self._add_block(node.then, map_id, (*arms, Arm(condition, "true")))
                    self._add_block(node.otherwise, map_id, (*arms, Arm(condition, "false")))
                case ir.Guard():
                    self._add_guard(node, map_id, arms)

    def _add_guard(self, node: ir.Guard, map_id: str | None, arms: tuple[Arm, ...]) -> None:
        start = self.start_ids[node.id]
        reads = tuple(dataflow.node_references(node))
        self._add(GraphTask(start, "start", node, map_id, arms, reads))
        self._add_block(node.body, map_id, arms)
        started = Arm(ir.Output(node=start, name=STARTED), "true")
        self._add_block(node.cleanup, map_id, (*arms, started))

    def _add(self, task: GraphTask) -> None:
        self.tasks[task.task_id] = task
        if task.node is not None:
            self._places.setdefault(task.node.id, []).append(len(self._order))
            self._order.append(task.task_id)

    def _add_choice(self, node: ir.Map, arms: tuple[Arm, ...]) -> None:
        chosen = self.chosen(node)
        if chosen:
            reads = tuple(r for gather in chosen for r in dataflow.references(gather.value))
            self._add(GraphTask(self.choice_ids[node.id], "choice", node, node.id, arms, reads))

    def chosen(self, node: ir.Map) -> tuple[ir.Collected, ...]:
        """Return the gathers of `node` that no single task of its body gives for every item."""
        return tuple(g for g in node.gathers if not self._is_given_by_one_task(node, g.value))

    def _is_given_by_one_task(self, node: ir.Map, value: AnyValue) -> bool:
        if not isinstance(value, ir.Output) or value.node not in {n.id for n in node.body.nodes}:
            return False
        return self.role(value) == "value"

    def role(self, output: ir.Output) -> str:
        """Return the role of `output`.

        Raises:
            InternalError: no step has it.
        """
        node = self.nodes[output.node]
        if isinstance(node, ir.Call | ir.Compute):
            for spec in node.outputs:
                if spec.name == output.name:
                    return spec.role
        raise InternalError(f"no step has the output {output.name} of {output.node}")

    # --- edges -----------------------------------------------------------------------------------

    def producers(self, value: AnyValue) -> Iterator[str]:
        """Yield the tasks whose XComs are read to spell `value`."""
        for reference in dataflow.references(value):
            match reference:
                case ir.Output():
                    yield reference.node
                case ir.Item():
                    yield self.list_ids[reference.map]
                case ir.Gather():
                    node = self.maps[reference.map]
                    if reference.name in {gather.name for gather in self.chosen(node)}:
                        yield self.choice_ids[node.id]
                    else:
                        yield from self.producers(collected(node, reference.name))
                case ir.Merge() if reference.branch in self.guarded:
                    yield from self._task_ids(self.guarded[reference.branch])
                case ir.Merge():
                    branch = self.branches[reference.branch]
                    choice = merged(branch, reference.name)
                    yield from self.producers(branch.condition)
                    yield from self.producers(choice.then)
                    yield from self.producers(choice.otherwise)

    def _add_edges(self) -> None:
        """Let each task wait for what it reads, and for the conditions that it checks."""
        for task in self.tasks.values():
            wanted = [p for reference in task.reads for p in self.producers(reference)]
            wanted += [arm.condition.node for arm in self.guards(task)]
            task.upstream = dict.fromkeys(p for p in wanted if p != self.own_list(task))

    def _add_order(self, block: ir.Block) -> None:
        """Let the nodes of `block` wait for one another, after those within each of them."""
        for node in block.nodes:
            for inner in dataflow.blocks(node):
                self._add_order(inner)
            if isinstance(node, ir.Guard):
                self._add_guard_edges(node)
        for node in block.nodes:
            for before in node.after:
                exits = list(self._exits(self.nodes[before]))
                for task in self._entries(node):
                    task.upstream |= dict.fromkeys(exits)

    def _add_guard_edges(self, node: ir.Guard) -> None:
        """Let the body wait for the start, and the cleanup for all that the body runs."""
        body = list(self._block_ids(node.body))
        for id_ in body:
            self.tasks[id_].upstream[self.start_ids[node.id]] = None
        cleanup = set(self._block_ids(node.cleanup))
        for id_ in cleanup:
            task = self.tasks[id_]
            if not {self.own_list(task), *task.upstream} & cleanup:
                task.ended = tuple(body)
                task.upstream |= dict.fromkeys(body)

    def _block_ids(self, block: ir.Block) -> Iterator[str]:
        for node in block.nodes:
            yield from self._task_ids(node)

    def own_list(self, task: GraphTask) -> str | None:
        """Return the task over whose list the group of `task` is mapped."""
        return self.list_ids[task.map_id] if task.map_id else None

    def guards(self, task: GraphTask) -> tuple[Arm, ...]:
        """Return the arms that `task` must check by itself, the outermost first.

        A condition made inside an arm is absent when that arm is not taken, so checking it checks
        the outer arm too; and a group whose list was skipped is skipped as a whole.
        """
        outside = len(self.tasks[self.list_ids[task.map_id]].arms) if task.map_id else 0
        needed: list[Arm] = []
        implied: set[Arm] = set()
        for arm in reversed(task.arms[outside:]):
            if arm not in implied:
                needed.append(arm)
                implied.update(self.tasks[arm.condition.node].arms)
        return tuple(reversed(needed))

    def may_be_absent(self, producer: str, task: GraphTask) -> bool:
        """Return whether `producer` may be skipped although the arms of `task` are all taken."""
        before = self.tasks[producer]
        return before.map_id not in (None, task.map_id) or not set(before.arms) <= set(task.arms)

    def trigger_rule(self, task: GraphTask) -> TriggerRule:
        """Return the rule of `task`: a skipped task before it counts only if it shares its arm."""
        if task.ended:
            return "all_done"
        if task.purpose in ("choice", "result"):
            return "none_failed"
        absent = any(self.may_be_absent(producer, task) for producer in task.upstream)
        return "none_failed" if absent else "all_success"

    def _held(self, task: GraphTask) -> Iterator[str]:
        """Yield the tasks with which `task` surely fails, whatever else was skipped."""
        lenient = self.trigger_rule(task) == "none_failed"
        if lenient or not any(self.tasks[before].arms for before in task.upstream):
            for before in task.upstream:
                if before in task.ended:
                    continue
                if task.map_id is None or self.tasks[before].map_id == task.map_id:
                    yield before

    def open_ends(self, ids: Iterable[str]) -> Iterator[str]:
        """Yield those of `ids` whose failure no other one of them is sure to show."""
        chosen = [self.tasks[id_] for id_ in ids]
        shown = {before for task in chosen for before in self._held(task)}
        shown.update(filter(None, map(self.own_list, chosen)))
        yield from (task.task_id for task in chosen if task.task_id not in shown)

    def _exits(self, node: dataflow.AnyNode) -> Iterator[str]:
        """Yield the tasks that have all ended only when `node` has."""
        ids = self._task_ids(node)
        if isinstance(node, ir.Branch):
            yield from self.producers(node.condition)
        yield from self.open_ends(ids)
        if not ids:
            for before in node.after:
                yield from self._exits(self.nodes[before])

    def _entries(self, node: dataflow.AnyNode) -> Iterator[GraphTask]:
        """Yield the tasks of `node` that wait for none of its other tasks."""
        ids = self._task_ids(node)
        for id_ in ids:
            task = self.tasks[id_]
            if self.own_list(task) not in ids and ids.keys().isdisjoint(task.upstream):
                yield task

    def _task_ids(self, node: dataflow.AnyNode) -> dict[str, None]:
        """Return the tasks of `node` and of all that it holds, in the order of the file."""
        nodes = (node, *(n for block in dataflow.blocks(node) for n in dataflow.walk(block)))
        places = sorted(place for n in nodes for place in self._places.get(n.id, ()))
        return dict.fromkeys(self._order[place] for place in places)

    def _add_result(self, value: AnyValue) -> None:
        wanted = {*self.producers(value), *self.open_ends(self.tasks)}
        order = [id_ for id_ in self.tasks if id_ in wanted]
        last = GraphTask(self._fresh(RESULT), "result", upstream=dict.fromkeys(order))
        self._add(last)


def collected(node: ir.Map | ir.Guard, name: str) -> AnyValue:
    """Return what `node` gathers, or lets out, under `name`."""
    given = node.gathers if isinstance(node, ir.Map) else node.exits
    return next(each.value for each in given if each.name == name)


def tested(node: ir.Branch) -> ir.Output:
    """Return the condition of `node`.

    Raises:
        InternalError: it is not an output, which the passes make it.
    """
    if not isinstance(node.condition, ir.Output):
        raise InternalError(f"the condition of {node.id} is not an output")
    return node.condition


def merged(node: ir.Branch, name: str) -> ir.Choice:
    """Return what `node` binds to `name`."""
    return next(choice for choice in node.merges if choice.name == name)
