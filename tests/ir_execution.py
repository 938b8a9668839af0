"""Runs a pipeline in the IR in this process: real calls, glue by the shim's evaluator."""

import importlib
import inspect
import sys
from pathlib import Path
from typing import Any

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyValue
from headrace.runtime import glue, wire


class Execution:
    """One run; `result` is the value that the pipeline returns, after a trip through text."""

    def __init__(self, pipeline: ir.Pipeline, import_root: Path, **parameters: object) -> None:
        self._import_root = import_root
        self._values: dict[AnyValue, str] = {}
        for parameter in pipeline.parameters:
            default = parameter.default.text if parameter.default else "null"
            given = parameters.get(parameter.name, wire.decode(default))
            self._values[ir.Param(name=parameter.name)] = wire.encode(given)
        self._block(pipeline.body)
        self.result = self._read(pipeline.result)

    def _read(self, value: AnyValue) -> Any:
        if isinstance(value, ir.Const):
            return wire.decode(value.text)
        if isinstance(value, ir.Glue):
            return glue.evaluate(value.source, {n: self._read(r) for n, r in value.names})
        if isinstance(value, ir.Gather):
            value = value.replace(role="value")
        return wire.decode(self._values[value])

    def _block(self, block: ir.Block) -> None:
        for node in block.nodes:
            match node:
                case ir.Map():
                    self._map(node)
                case ir.Branch():
                    taken = self._read(node.condition)
                    self._block(node.then if taken else node.otherwise)
                    for merge in node.merges:
                        value = self._read(merge.then if taken else merge.otherwise)
                        reference = ir.Merge(branch=node.id, name=merge.name)
                        self._values[reference] = wire.encode(value)
                case ir.Guard():
                    try:
                        self._block(node.body)
                    finally:
                        self._block(node.cleanup)
                    for exit in node.exits:
                        reference = ir.Merge(branch=node.id, name=exit.name)
                        self._values[reference] = wire.encode(self._read(exit.value))
                case _:
                    self._step(node)

    def _map(self, node: ir.Map) -> None:
        gathers: dict[str, list[Any]] = {gather.name: [] for gather in node.gathers}
        for item in self._read(node.items):
            self._values[ir.Item(map=node.id)] = wire.encode(item)
            self._block(node.body)
            for gather in node.gathers:
                gathers[gather.name].append(self._read(gather.value))
        for name, gathered in gathers.items():
            self._values[ir.Gather(map=node.id, name=name)] = wire.encode(gathered)

    def _step(self, node: ir.Call | ir.Compute) -> None:
        outputs = {output.name: output for output in node.outputs}
        try:
            result = None
            if isinstance(node, ir.Call):
                arguments = {a.name: self._read(a.value) for a in node.arguments}
                result = _called(self._function(node.function), arguments)
            texts = {n: self._output(o, result, None) for n, o in outputs.items()}
        except BaseException as error:
            caught = glue.handled([(c.handler, c.classes) for c in node.catches], error)
            if caught is None:
                raise
            texts = {n: self._output(o, None, caught) for n, o in outputs.items()}
        for name, text in texts.items():
            self._values[ir.Output(node=node.id, name=name)] = text

    def _output(self, output: ir.OutputSpec, result: object, caught: object) -> str:
        expression = output.expression
        if caught is not None and (not expression or not glue.reads(expression.source, "caught")):
            return {"value": "null", "condition": "false", "items": "[]"}[output.role]
        value: Any = result
        if expression is not None:
            names = {n: self._read(r) for n, r in expression.names}
            own = {"result": result, "caught": caught}
            value = glue.evaluate(expression.source, {**names, **own})
        if output.role == "condition":
            value = bool(value)
        elif output.role == "items":
            value = list(value)
        return wire.encode(value)

    def _function(self, key: str) -> Any:
        module, _, name = key.partition(":")
        if str(self._import_root) not in sys.path:
            sys.path.insert(0, str(self._import_root))
        return getattr(importlib.import_module(module), name)


def _called(function: Any, arguments: dict[str, object]) -> object:
    parameters = inspect.signature(function).parameters.values()
    unnamed = [p.name for p in parameters if p.kind is p.POSITIONAL_ONLY and p.name in arguments]
    return function(*[arguments.pop(name) for name in unnamed], **arguments)
