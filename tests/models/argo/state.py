"""What the parts of the controller's model share: one workflow on its way."""

import abc
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from models.argo.nodes import Node, Nodes


class TemplateFailed(Exception):
    """A template could not be executed; its node is in Error."""


class ParallelismReached(Exception):
    """No further pod may start now."""


@dataclass(frozen=True)
class Options:
    """How a template is executed: as a part of which DAG or steps, and whether as an exit hook."""

    boundary: str = ""
    place: str = ""
    hooked: bool = False
    retried: bool = False

    def as_attempt(self) -> "Options":
        """Return those of an attempt."""
        return replace(self, retried=True)


@dataclass
class Flow(abc.ABC):
    """One workflow: its specification, its nodes, and the pods that wait to be run.

    `names` are those that every template may use, `outputs` the workflow's own.
    """

    name: str
    spec: Mapping[str, Any]
    nodes: Nodes = field(default_factory=Nodes)
    names: dict[str, str | None] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    pods: list[Node] = field(default_factory=list)

    @abc.abstractmethod
    def execute(
        self, name: str, reference: Mapping[str, Any], arguments: list[Any], options: Options
    ) -> Node | None:
        """Execute the template that `reference` names as the node `name`, as far as it can go now.

        Raises:
            TemplateFailed: its node is in Error.
            ParallelismReached: it has to wait.
        """

    @abc.abstractmethod
    def template(self, reference: Mapping[str, Any], place: str) -> tuple[Mapping[str, Any], str]:
        """Return the template that a task names in `place`, and the place of that template.

        Raises:
            TemplateFailed: there is none.
        """

    def export(self, template: Mapping[str, Any], outputs: Mapping[str, str | None]) -> None:
        """Make those outputs of a template the workflow's own that have a global name."""
        for parameter in template.get("outputs", {}).get("parameters", ()):
            value = outputs.get(parameter["name"])
            if "globalName" in parameter and value is not None:
                self.outputs[parameter["globalName"]] = value
                self.names[f"workflow.outputs.parameters.{parameter['globalName']}"] = value


def input_names(template: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the inputs of a template that has its values."""
    parameters = template.get("inputs", {}).get("parameters", ())
    return {f"inputs.parameters.{p['name']}": p.get("value") for p in parameters}
