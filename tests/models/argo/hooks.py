"""Exit hooks of tasks (workflow/controller/exit_handler.go)."""

from collections.abc import Mapping
from typing import Any

from models.argo.nodes import Node
from models.argo.scopes import Scope
from models.argo.state import Flow, Options
from models.argo.substitution import replaced

ON_EXIT = ".onExit"


def run_exit_hook(
    flow: Flow, task: Mapping[str, Any], node: Node, scope: Scope, place: str, kind: str = "tasks"
) -> bool:
    """Run the exit hook of a task that has ended, if it has one; return whether all has ended.

    What becomes of the hook itself changes nothing.

    Raises:
        TemplateError: an argument of the hook cannot be made.
        TemplateFailed: the template of the hook cannot be executed.
    """
    hook = task.get("hooks", {}).get("exit")
    if hook is None:
        return True
    outputs = (flow.nodes.last_attempt(node) or node).outputs or {}
    for output, value in outputs.items():
        scope.names[f"{kind}.{task['name']}.outputs.parameters.{output}"] = value or ""
    names = {**flow.names, **scope.names}
    arguments = scope.marked(hook.get("arguments", {}).get("parameters", []))
    name = node.name + ON_EXIT
    hook_node = flow.execute(
        name,
        {"template": hook["template"]},
        replaced(arguments, names),
        Options(boundary=node.boundary, place=place, hooked=True),
    )
    flow.nodes.add_child(node.name, name)
    return hook_node is not None and hook_node.fulfilled
