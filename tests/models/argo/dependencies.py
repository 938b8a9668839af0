"""What `depends` of a task says (workflow/common/ancestry.go)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from models.argo.nodes import ERROR, FAILED, OMITTED, SKIPPED, SUCCEEDED, Node, Nodes
from models.evaluation import evaluated

_NAME = re.compile(r"([a-zA-Z0-9][-a-zA-Z0-9]*?\.[A-Z][a-zA-Z]+)|([a-zA-Z0-9][-a-zA-Z0-9]*)")


class Dependencies:
    """The dependencies of the tasks of one DAG."""

    def __init__(self, tasks: Sequence[Mapping[str, Any]]) -> None:
        self._tasks = {task["name"]: task for task in tasks}
        self._read = {name: self._logic(task) for name, task in self._tasks.items()}

    def of(self, name: str) -> list[str]:
        """Return the tasks that the task `name` waits for."""
        return self._read[name][0]

    def logic(self, name: str) -> str:
        """Return `depends` of the task `name` where every task stands with its result."""
        return self._read[name][1]

    def ancestors(self, name: str) -> list[str]:
        """Return all tasks before the task `name`, the first ones first."""
        found: dict[str, None] = {}

        def visit(current: str) -> None:
            for before in self.of(current):
                if before not in found:
                    visit(before)
                    found[before] = None

        visit(name)
        return list(found)

    def leaves(self) -> list[str]:
        """Return the tasks on which none depends, by name: they decide what becomes of the DAG."""
        inner = {before for name in self._tasks for before in self.of(name)}
        return sorted(self._tasks.keys() - inner)

    def _logic(self, task: Mapping[str, Any]) -> tuple[list[str], str]:
        text = task.get("depends", "")
        if not text:
            text = " && ".join(self._any_result(name) for name in task.get("dependencies", ()))
        names: dict[str, None] = {}

        def full(match: re.Match[str]) -> str:
            name = match[2] or match[1].split(".")[0]
            names[name] = None
            return self._any_result(name) if match[2] else match[0]

        logic = _NAME.sub(full, text)
        return list(names), logic

    def _any_result(self, name: str) -> str:
        results = ["Succeeded", "Skipped", "Daemoned"]
        go_on = self._tasks[name].get("continueOn", {})
        results += ["Errored"] if go_on.get("error") else []
        results += ["Failed"] if go_on.get("failed") else []
        return "(" + " || ".join(f"{name}.{result}" for result in results) + ")"


def holds(logic: str, nodes: Nodes, before: Mapping[str, Node]) -> bool:
    """Whether a task is to run after the nodes `before`, by task, which have all ended.

    Raises:
        ExpressionError: the logic is none.
    """
    environment = {name.replace("-", "_"): _results(node, nodes) for name, node in before.items()}
    value = evaluated(logic.replace("-", "_"), environment)
    assert isinstance(value, bool), logic
    return value


def _results(node: Node, nodes: Nodes) -> dict[str, bool]:
    items = [nodes[child].phase for child in node.children] if node.type == "TaskGroup" else []
    return {
        "Succeeded": node.phase == SUCCEEDED,
        "Failed": node.phase == FAILED,
        "Errored": node.phase == ERROR,
        "Skipped": node.phase == SKIPPED,
        "Omitted": node.phase == OMITTED,
        "Daemoned": False,
        "AnySucceeded": SUCCEEDED in items,
        "AllFailed": bool(items) and set(items) == {FAILED},
    }
