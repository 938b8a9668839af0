"""The nodes of a workflow: what its status says of every task, loop, attempt and pod."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

PENDING, RUNNING, SUCCEEDED = "Pending", "Running", "Succeeded"
FAILED, ERROR, SKIPPED, OMITTED = "Failed", "Error", "Skipped", "Omitted"


@dataclass
class Node:
    """A node; `name` begins with the workflow's name, `boundary` is that of its DAG or steps.

    `outputs` are parameters by name, without a value where a pod did not write one; there are none
    at all where nothing was made. `children` and `outbound` are names. `hooked` is a node of an
    exit hook, `retried` an attempt.
    """

    name: str
    type: str
    template: str
    boundary: str
    phase: str
    message: str = ""
    outputs: dict[str, str | None] | None = None
    exit_code: int | None = None
    children: list[str] = field(default_factory=list)
    outbound: list[str] = field(default_factory=list)
    hooked: bool = False
    retried: bool = False
    processed: Any = None
    """The template with everything filled in that was known when the node began."""
    place: str = ""
    """The WorkflowTemplate in which names of templates are looked up; empty: the run's own."""
    plan: Any = None
    """What is known of the tasks of a DAG."""
    ended_as: int = 0
    """A number that is larger than those of the nodes that had ended before."""

    @property
    def fulfilled(self) -> bool:
        """Whether nothing more comes of it."""
        return self.completed or self.phase in (SKIPPED, OMITTED)

    @property
    def completed(self) -> bool:
        """Whether it ran to an end."""
        return self.phase == SUCCEEDED or self.unsuccessful

    @property
    def unsuccessful(self) -> bool:
        """Whether it failed, or the controller ended it."""
        return self.phase in (FAILED, ERROR)


class Nodes:
    """The nodes of one workflow by name; `changes` counts whatever became of them."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self.changes = 0

    def __iter__(self) -> Iterator[Node]:
        return iter(list(self._nodes.values()))

    def get(self, name: str) -> Node | None:
        """Return the node with this name, if there is one."""
        return self._nodes.get(name)

    def __getitem__(self, name: str) -> Node:
        return self._nodes[name]

    def add(self, node: Node) -> Node:
        """Add a node that is not there yet."""
        assert node.name not in self._nodes, node.name
        self._nodes[node.name] = node
        self.changes += 1
        return node

    def mark(self, node: Node, phase: str, message: str | None = None) -> Node:
        """Give a node a phase, and a message if there is one; one that ended may get another."""
        after = node.message if message is None else message
        if (node.phase, node.message) != (phase, after):
            node.phase, node.message = phase, after
            self.changes += 1
            node.ended_as = self.changes
        return node

    def add_child(self, parent: str, child: str) -> None:
        """Note that `child`, which need not be there yet, came after `parent`."""
        children = self[parent].children
        if child not in children:
            children.append(child)
            self.changes += 1

    def last_attempt(self, node: Node) -> Node | None:
        """Return the last attempt of a node of type Retry."""
        attempts = self.attempts(node)
        return attempts[-1] if attempts else None

    def attempts(self, node: Node) -> list[Node]:
        """Return the attempts of a node of type Retry, and nothing for another."""
        if node.type != "Retry":
            return []
        found = [self._nodes.get(child) for child in node.children]
        return [each for each in found if each is not None and not each.hooked]

    def outbound(self, name: str) -> list[str]:
        """Return the nodes after which those of a follower stand (getOutboundNodes)."""
        node = self[name]
        match node.type:
            case "Skipped" | "Suspend" | "Pod":
                return [name]
            case "TaskGroup":
                if not node.children:
                    return [name]
                return [each for child in node.children for each in self.outbound(child)]
            case "Retry" if node.children:
                return [node.children[-1]]
        return [each for last in node.outbound for each in self.outbound(last)]
