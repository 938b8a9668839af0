"""The IR as readable, stable text, and the JSON schema of the IR."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import NODEFAULT

from headrace.compiler import dataflow, ir
from headrace.compiler.dataflow import AnyNode, AnyReference, AnyValue
from headrace.compiler.frozen_struct import FrozenStruct
from headrace.compiler.source import Span

_INDENT = "  "
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:/@+-]*")


def print_pipeline(pipeline: ir.Pipeline) -> str:
    """Return `pipeline` as text: one line for each thing in it, blocks indented.

    Glue stands in backquotes with its names after a `|`; settings that are not the default stand in
    lines of their own, their texts in quotes where they are more than a plain word.
    """
    lines = [f"pipeline {pipeline.name}  ({pipeline.function})  {pipeline.span}"]
    lines += (_INDENT + line for line in _pipeline_lines(pipeline))
    return "\n".join(lines) + "\n"


def schema() -> dict[str, Any]:
    """Return the JSON schema of `ir.Pipeline`."""
    return msgspec.json.schema(ir.Pipeline)


def as_json(pipeline: ir.Pipeline) -> str:
    """Return `pipeline` as indented JSON, which `schema` describes."""
    return msgspec.json.format(msgspec.json.encode(pipeline), indent=2).decode()


def _pipeline_lines(pipeline: ir.Pipeline) -> Iterator[str]:
    for line in pipeline.doc.splitlines():
        yield f"doc {line}".rstrip()
    first = pipeline.code.imported_first
    imported = f"  after import {first}" if first else ""
    yield f"code {pipeline.code.digest}  {', '.join(pipeline.code.modules)}{imported}"
    yield from _settings(pipeline.settings)
    for parameter in pipeline.parameters:
        default = parameter.default.text if parameter.default else None
        shown = _declared(parameter.name, parameter.annotation, default)
        yield _placed(f"parameter {shown}", parameter.span)
    for function in pipeline.functions:
        parameters = ", ".join(
            _declared(p.name, p.annotation, "..." if p.has_default else None)
            for p in function.parameters
        )
        returns = f" -> {function.returns}" if function.returns else ""
        yield _placed(f"function {function.key}({parameters}){returns}", function.span)
        yield from (f"{_INDENT}doc {line}".rstrip() for line in function.doc.splitlines())
    yield from _block(pipeline.body)
    yield f"return {_value(pipeline.result)}"


def _declared(name: str, annotation: str | None, default: str | None) -> str:
    typed = f"{name}: {annotation}" if annotation else name
    return f"{typed} = {default}" if default is not None else typed


def _placed(text: str, span: Span) -> str:
    return f"{text}   # {span}"


# --- nodes ---------------------------------------------------------------------------------------


def _block(block: ir.Block) -> Iterator[str]:
    for node in block.nodes:
        colon = ":" if dataflow.blocks(node) else ""
        yield _placed(_head(node) + _after(node.after) + colon, node.span)
        yield from (_INDENT + line for line in _inside(node))


def _head(node: AnyNode) -> str:
    match node:
        case ir.Call():
            arguments = ", ".join(f"{a.name}={_value(a.value)}" for a in node.arguments)
            outputs = "" if node.outputs == (ir.OutputSpec(name="out"),) else _outputs(node.outputs)
            return f"step {node.id} = {node.function}({arguments}){outputs}{_catches(node)}"
        case ir.Compute():
            return f"compute {node.id}{_outputs(node.outputs)}{_catches(node)}"
        case ir.Map():
            return f"map {node.id} over {_value(node.items)}"
        case ir.Branch():
            return f"branch {node.id} on {_value(node.condition)}"
        case ir.Guard():
            return f"guard {node.id}"


def _inside(node: AnyNode) -> Iterator[str]:
    match node:
        case ir.Call() | ir.Compute():
            yield from _settings(node.settings)
        case ir.Map():
            yield from _block(node.body)
            yield from (f"gather {g.name} = {_value(g.value)}" for g in node.gathers)
        case ir.Branch():
            yield "then:"
            yield from (_INDENT + line for line in _block(node.then))
            yield "otherwise:"
            yield from (_INDENT + line for line in _block(node.otherwise))
            for merge in node.merges:
                then, otherwise = _value(merge.then), _value(merge.otherwise)
                yield f"merge {merge.name} = {then} or else {otherwise}"
        case ir.Guard():
            yield from _block(node.body)
            yield "finally:"
            yield from (_INDENT + line for line in _block(node.cleanup))
            yield from (f"exit {e.name} = {_value(e.value)}" for e in node.exits)


def _catches(node: ir.Call | ir.Compute) -> str:
    return "".join(f" catches {c.handler} ({', '.join(c.classes)})" for c in node.catches)


def _after(ids: Iterable[str]) -> str:
    text = ", ".join(ids)
    return f" after {text}" if text else ""


def _outputs(outputs: Iterable[ir.OutputSpec]) -> str:
    shown = ", ".join(
        ("gathered " if output.gathered else "")
        + ("" if output.role == "value" else f"{output.role} ")
        + output.name
        + (f" := {_value(output.expression)}" if output.expression else "")
        for output in outputs
    )
    return f" -> {shown}"


def _settings(settings: FrozenStruct) -> Iterator[str]:
    """Yield the settings that are not the default, a mapping's keys sorted."""
    for name, value in _set(settings).items():
        yield f"{name}: {_plain(value)}"


def _set(settings: FrozenStruct) -> dict[str, object]:
    """Return the fields that are not the default."""
    fields = ((field, getattr(settings, field.name)) for field in msgspec.structs.fields(settings))
    return {
        field.name: value
        for field, value in fields
        if value
        != (field.default if field.default_factory is NODEFAULT else field.default_factory())
    }


def _plain(value: object) -> str:
    match value:
        case dict():
            # A mapping's order means nothing, and the text must not depend on it.
            entries = (f"{_plain(name)}: {_plain(inner)}" for name, inner in sorted(value.items()))
            return "{" + ", ".join(entries) + "}"
        case FrozenStruct():
            return _plain(_set(value))
        case tuple():
            return "[" + ", ".join(map(_plain, value)) + "]"
        case str() if not _PLAIN_WORD.fullmatch(value):
            # Else a text could pass for other settings, or for lines of the IR.
            return json.dumps(value, ensure_ascii=not value.isprintable())
        case _:
            return str(value)


# --- values --------------------------------------------------------------------------------------


def _value(value: AnyValue) -> str:
    if not isinstance(value, ir.Glue):
        return _reference(value)
    names = ", ".join(f"{name}={_reference(reference)}" for name, reference in value.names)
    return f"`{value.source} | {names}`" if names else f"`{value.source}`"


def _reference(reference: AnyReference) -> str:
    match reference:
        case ir.Const():
            return reference.text
        case ir.Param():
            return f"param({reference.name})"
        case ir.Item():
            return f"item({reference.map})"
        case ir.Output():
            return f"{reference.node}.{reference.name}"
        case ir.Gather():
            return f"{reference.map}.{reference.name}"
        case ir.Merge():
            return f"{reference.branch}.{reference.name}"
