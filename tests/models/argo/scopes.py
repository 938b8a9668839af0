"""What tags and expressions of a template may name, and the outputs that are made of it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from models import go
from models.argo.nodes import OMITTED, SKIPPED, SUCCEEDED, Node, Nodes
from models.argo.substitution import TemplateError
from models.errors import Unsupported
from models.evaluation import evaluated, expanded
from models.expressions import ExpressionError

ABSENT = "an argument that names an output which a skipped task did not make"
"""Stands for such an argument, so that the default of the input holds."""


@dataclass
class Scope:
    """Names and texts; those in `absent` are outputs that a skipped task did not make."""

    names: dict[str, str | None] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)

    def add_node(self, kind: str, name: str, node: Node, nodes: Nodes) -> None:
        """Add what is known of a node as that of the task (`kind` is `tasks`) or step `name`."""
        node = nodes.last_attempt(node) or node
        prefix = f"{kind}.{name}"
        self.names[f"{prefix}.status"] = node.phase
        if node.exit_code is not None:
            self.names[f"{prefix}.exitCode"] = str(node.exit_code)
        for output, value in (node.outputs or {}).items():
            if value is not None:
                self.names[f"{prefix}.outputs.parameters.{output}"] = value

    def add_skipped(self, kind: str, name: str, node: Node, template: Mapping[str, Any]) -> None:
        """Add the outputs that a task would have made, if it was skipped: absent, or a default."""
        if node.outputs is not None or node.phase not in (SKIPPED, OMITTED):
            return
        for parameter in template.get("outputs", {}).get("parameters", ()):
            key = f"{kind}.{name}.outputs.parameters.{parameter['name']}"
            self.names[key] = parameter.get("valueFrom", {}).get("default")
            if self.names[key] is None:
                self.absent.add(key)

    def add_aggregate(self, kind: str, name: str, items: Iterable[Node]) -> None:
        """Add the outputs of a loop: of those items that succeeded, in their order."""
        own = [item for item in items if not (item.hooked or item.retried)]
        if not own:
            return
        if len(own) > 1:
            own.sort(key=_index)
        made = [i.outputs for i in own if i.outputs is not None and i.phase == SUCCEEDED]
        texts = [{k: v or "" for k, v in each.items()} for each in made if each]
        prefix = f"{kind}.{name}.outputs"
        self.names[f"{prefix}.result"] = "[]"
        self.names[f"{prefix}.parameters"] = go.json_text(texts)
        for output in dict.fromkeys(key for each in texts for key in each):
            values = [each[output] for each in texts if output in each]
            self.names[f"{prefix}.parameters.{output}"] = aggregated(values)

    def marked(self, parameters: list[Any]) -> list[Any]:
        """Return arguments where one that is nothing but an absent output stands as `ABSENT`."""
        return [
            {**each, "value": ABSENT} if self._is_absent(each.get("value")) else each
            for each in parameters
        ]

    def _is_absent(self, value: object) -> bool:
        match = re.fullmatch(r"\{\{([^{}]*)\}\}", value) if isinstance(value, str) else None
        return match is not None and match[1].strip() in self.absent

    def outputs(self, template: Mapping[str, Any]) -> dict[str, str | None] | None:
        """Return the outputs of a template of tasks or steps.

        Raises:
            TemplateError: one of them fails, or is absent.
        """
        parameters = template.get("outputs", {}).get("parameters", ())
        if not parameters:
            return None
        return {each["name"]: self._output(each["name"], each["valueFrom"]) for each in parameters}

    def _output(self, name: str, source: Mapping[str, str]) -> str:
        default = source.get("default")
        try:
            if "expression" in source:
                value = evaluated(source["expression"], expanded(self.names))
                if value is None:
                    raise ExpressionError(f'failed to evaluate expression "{source["expression"]}"')
                return go.sprint(value)
            tag = source["parameter"].removeprefix("{{").removesuffix("}}").strip()
            if tag not in self.names:
                raise ExpressionError(f'Unable to resolve: "{tag}"')
        except ExpressionError as error:
            if default is None:
                raise TemplateError(str(error)) from None
            return default
        text = self.names[tag] if tag not in self.absent else default
        if text is None:
            raise TemplateError(
                f'output parameter "{name}": "{source["parameter"]}" is an absent optional '
                "(skipped/omitted node output with no default)"
            )
        return text


def _index(item: Node) -> int:
    match = re.search(r"\((\d+)(?::[^()]*)?\)$", item.name)
    if match is None:
        raise Unsupported(f"a loop of which {item.name} is an item: the controller panics")
    return int(match[1])


def aggregated(texts: list[str]) -> str:
    """Return the list of what a loop's items gave as one output.

    Where every text is a JSON list or map they are decoded, and encoded anew with numbers as
    doubles; else it is a list of texts.
    """
    try:
        values = [go.decoded(text) for text in texts]
    except ValueError:
        return go.json_text(texts)
    if all(isinstance(value, list | dict) for value in values):
        return go.json_text(values)
    return go.json_text(texts)
