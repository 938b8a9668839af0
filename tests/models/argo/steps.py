"""Runs steps templates (workflow/controller/steps.go), those whose steps are plain."""

from collections.abc import Mapping
from typing import Any

from models.argo.conditions import ConditionError, proceeds
from models.argo.nodes import ERROR, FAILED, RUNNING, SKIPPED, SUCCEEDED, Node
from models.argo.scopes import Scope
from models.argo.state import Flow, Options, ParallelismReached, TemplateFailed, input_names
from models.argo.substitution import MissingVariable, TemplateError, replaced_for_task


def execute(flow: Flow, node: Node) -> None:
    """Go on with steps as far as they can go now.

    Raises:
        TemplateError: their outputs cannot be made.
    """
    scope = Scope(input_names(node.processed))
    groups = node.processed["steps"]
    for index, steps in enumerate(groups):
        name = f"{node.name}[{index}]"
        if flow.nodes.get(name) is None:
            flow.nodes.add(Node(name, "StepGroup", "", node.name, RUNNING))
        _connect(flow, node, index)
        group = flow.nodes[name]
        if not group.fulfilled:
            _run_group(flow, node, group, steps, scope)
        if not group.fulfilled:
            return
        if group.unsuccessful:
            node.outbound = _outbound(flow, group)
            flow.nodes.mark(node, FAILED, group.message)
            return
        for step in steps:
            child = flow.nodes[f"{name}.{step['name']}"]
            scope.add_node("steps", step["name"], child, flow.nodes)
            template, _ = flow.template(step, node.place)
            scope.add_skipped("steps", step["name"], child, template)
    node.outbound = _outbound(flow, flow.nodes[f"{node.name}[{len(groups) - 1}]"])
    node.outputs = scope.outputs(node.processed)
    flow.export(node.processed, node.outputs or {})
    flow.nodes.mark(node, SUCCEEDED)


def _connect(flow: Flow, node: Node, index: int) -> None:
    name = f"{node.name}[{index}]"
    if index == 0:
        flow.nodes.add_child(node.name, name)
        return
    before = flow.nodes[f"{node.name}[{index - 1}]"]
    for last in _outbound(flow, before) if before.children else [before.name]:
        flow.nodes.add_child(last, name)


def _outbound(flow: Flow, group: Node) -> list[str]:
    """Return what a follower stands after: nothing at all where the group has no steps."""
    return [last for child in group.children for last in flow.nodes.outbound(child)]


def _run_group(
    flow: Flow, node: Node, group: Node, steps: list[Mapping[str, Any]], scope: Scope
) -> None:
    try:
        for step in steps:
            own = replaced_for_task(step, {**flow.names, **scope.names})
            _run_step(flow, node, group, own)
    except MissingVariable:
        return
    except (TemplateError, ConditionError) as error:
        flow.nodes.mark(group, ERROR, str(error))
        return
    except TemplateFailed as error:
        text = f"step group deemed errored due to child {error}"
        flow.nodes.mark(group, ERROR, text)
        return
    children = [flow.nodes[child] for child in group.children]
    if all(child.fulfilled for child in children):
        bad = next((child for child in children if child.unsuccessful), None)
        if bad is None:
            flow.nodes.mark(group, SUCCEEDED)
        else:
            flow.nodes.mark(group, FAILED, f"child '{bad.name}' failed")


def _run_step(flow: Flow, node: Node, group: Node, step: Mapping[str, Any]) -> None:
    name = f"{group.name}.{step['name']}"
    if not proceeds(step.get("when", "")):
        if flow.nodes.get(name) is None:
            message = f"when '{step['when']}' evaluated false"
            flow.nodes.add(Node(name, "Skipped", step["template"], node.name, SKIPPED, message))
            flow.nodes.add_child(group.name, name)
        return
    arguments = step.get("arguments", {}).get("parameters", [])
    try:
        flow.execute(name, step, arguments, Options(boundary=node.name, place=node.place))
    except ParallelismReached:
        return
    finally:
        if flow.nodes.get(name) is not None:
            flow.nodes.add_child(group.name, name)
