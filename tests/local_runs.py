"""Pipelines in the IR, by hand, whose steps are real functions, and runs of them here."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import msgspec

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyNode, AnyReference, AnyValue
from headrace.compiler.settings import StepSettings
from headrace.compiler.source import Span
from headrace.runtime import code, wire
from headrace.targets.local import RunOutcome, run_pipeline

SETTINGS = StepSettings(image="python:3.11")
SPAN = Span(path="work.py", line=7)


def const(value: object) -> ir.Const:
    return ir.Const(text=wire.encode(value))


def out(node: str, name: str = "out") -> ir.Output:
    return ir.Output(node=node, name=name)


def spec(name: str, role: Any, source: str, **names: AnyReference) -> ir.OutputSpec:
    expression = ir.Glue(source=source, names=tuple(names.items()))
    return ir.OutputSpec(name=name, role=role, expression=expression)


def call(
    function: str,
    *,
    id: str | None = None,
    outputs: Iterable[ir.OutputSpec] = (ir.OutputSpec(name="out"),),
    after: tuple[str, ...] = (),
    settings: Mapping[str, Any] | None = None,
    **arguments: AnyValue,
) -> ir.Call:
    return ir.Call(
        id=id or function,
        function=f"work:{function}",
        arguments=tuple(ir.Argument(name=n, value=v) for n, v in arguments.items()),
        outputs=tuple(outputs),
        after=after,
        settings=StepSettings(**{**msgspec.structs.asdict(SETTINGS), **(settings or {})}),
        span=SPAN,
    )


def each(id: str, over: AnyValue, *nodes: AnyNode, **gathers: AnyValue) -> ir.Map:
    return ir.Map(
        id=id,
        items=over,
        body=ir.Block(nodes=nodes),
        gathers=tuple(ir.Collected(name=n, value=v) for n, v in gathers.items()),
        span=SPAN,
    )


def branch(
    id: str,
    test: AnyValue,
    then: Iterable[AnyNode],
    otherwise: Iterable[AnyNode],
    **merges: tuple[AnyValue, AnyValue],
) -> ir.Branch:
    return ir.Branch(
        id=id,
        condition=test,
        then=ir.Block(nodes=tuple(then)),
        otherwise=ir.Block(nodes=tuple(otherwise)),
        merges=tuple(ir.Choice(name=n, then=t, otherwise=o) for n, (t, o) in merges.items()),
        span=SPAN,
    )


class Project:
    """A project of one module, `work`, in a folder."""

    def __init__(self, folder: Path, source: str) -> None:
        self.folder = folder
        (folder / "work.py").write_text(dedent(source))

    def pipeline(self, *nodes: AnyNode, result: AnyValue | None = None) -> ir.Pipeline:
        modules = {"work": self.folder / "work.py"}
        return ir.Pipeline(
            name="work",
            function="work:pipeline",
            code=ir.Code(digest=code.digest(modules), modules=("work",)),
            body=ir.Block(nodes=nodes),
            result=result or const(None),
            span=SPAN,
        )

    def run(
        self, *nodes: AnyNode, result: AnyValue | None = None, progress: bool = False, **more: Any
    ) -> RunOutcome:
        """Run `nodes` here; `more` are arguments of `run_pipeline`."""
        given: dict[str, Any] = {
            "parameters": {},
            "import_path": [self.folder],
            "project_folder": self.folder,
            "progress": progress,
            **more,
        }
        return run_pipeline(self.pipeline(*nodes, result=result), **given)

    def run_folder(self, outcome: RunOutcome) -> Path:
        return self.folder / ".headrace" / "runs" / outcome.run
