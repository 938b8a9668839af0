"""What a pipeline in the IR means, with steps that only tell how they were called.

A step gives a text that spells its function and what it received. Conditions and items come from a
`Scenario`, so that every arm and an empty loop can be visited.
"""

import json
from dataclasses import dataclass
from typing import Any

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyValue
from headrace.targets.step_command import glue_names


@dataclass(frozen=True)
class Scenario:
    """What every condition and every item list of a run is."""

    condition: bool
    items: tuple[Any, ...]


def told(function: str, arguments: dict[str, Any], lets: dict[str, Any]) -> str:
    """Return what a step gives: the text of its call."""
    return json.dumps([function, arguments, lets])


class Interpreter:
    """Runs one pipeline in one scenario."""

    def __init__(self, pipeline: ir.Pipeline, scenario: Scenario, run: dict[str, Any]) -> None:
        self._scenario = scenario
        self._values: dict[Any, Any] = {ir.Param(name=n): v for n, v in run.items()}
        self._calls: list[str] = []
        self._block(pipeline.body)
        self.result = self._value(pipeline.result)

    @property
    def calls(self) -> list[str]:
        """What was called, in alphabetical order."""
        return sorted(self._calls)

    def _value(self, value: AnyValue) -> Any:
        if isinstance(value, ir.Const):
            return json.loads(value.text)
        if isinstance(value, ir.Glue):
            return value.source
        if isinstance(value, ir.Gather):
            value = value.replace(role="value")
        return self._values[value]

    def _block(self, block: ir.Block) -> None:
        for node in block.nodes:
            match node:
                case ir.Map():
                    self._map(node)
                case ir.Branch():
                    taken = self._value(node.condition)
                    self._block(node.then if taken else node.otherwise)
                    for m in node.merges:
                        value = self._value(m.then if taken else m.otherwise)
                        self._values[ir.Merge(branch=node.id, name=m.name)] = value
                case ir.Guard():
                    self._block(node.body)
                    self._block(node.cleanup)
                    for e in node.exits:
                        self._values[ir.Merge(branch=node.id, name=e.name)] = self._value(e.value)
                case _:
                    self._step(node)

    def _map(self, node: ir.Map) -> None:
        gathers: dict[str, list[Any]] = {c.name: [] for c in node.gathers}
        for item in self._value(node.items):
            self._values[ir.Item(map=node.id)] = item
            self._block(node.body)
            for c in node.gathers:
                gathers[c.name].append(self._value(c.value))
        for name, gathered in gathers.items():
            self._values[ir.Gather(map=node.id, name=name)] = gathered

    def _step(self, node: ir.Call | ir.Compute) -> None:
        lets = {name: self._value(reference) for name, reference in glue_names(node).items()}
        arguments = {}
        function = "compute"
        if isinstance(node, ir.Call):
            function = node.function
            arguments = {a.name: self._value(a.value) for a in node.arguments}
        text = told(function, arguments, lets)
        self._calls.append(text)
        for output in node.outputs:
            value: Any = text
            if output.role == "condition":
                value = self._scenario.condition
            elif output.role == "items":
                value = list(self._scenario.items)
            elif output.expression is not None:
                value = [output.expression.source, text]
            self._values[ir.Output(node=node.id, name=output.name)] = value
