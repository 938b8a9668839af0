"""Makes nodes of the IR by hand, in few words."""

from collections.abc import Iterable

import msgspec

from headrace.compiler import ir
from headrace.compiler.dataflow import AnyNode, AnyReference, AnyValue
from headrace.compiler.settings import PipelineSettings, StepSettings
from headrace.compiler.source import Span

SETTINGS = StepSettings(image="ghcr.io/acme/digits:1")


def span(line: int) -> Span:
    return Span(path="digits.py", line=line)


def const(text: str) -> ir.Const:
    return ir.Const(text=text)


NOTHING = const("null")


def out(node: str, name: str = "out") -> ir.Output:
    return ir.Output(node=node, name=name)


def glue(source: str, **names: AnyReference) -> ir.Glue:
    return ir.Glue(source=source, names=tuple(names.items()))


def condition(source: str, name: str = "condition", **names: AnyReference) -> ir.OutputSpec:
    return ir.OutputSpec(name=name, role="condition", expression=glue(source, **names))


def items(source: str, name: str = "items", **names: AnyReference) -> ir.OutputSpec:
    return ir.OutputSpec(name=name, role="items", expression=glue(source, **names))


def call(
    function: str,
    *,
    id: str | None = None,
    outputs: Iterable[ir.OutputSpec] = (),
    after: tuple[str, ...] = (),
    settings: StepSettings = SETTINGS,
    line: int = 10,
    **arguments: AnyValue,
) -> ir.Call:
    return ir.Call(
        id=id or function,
        function=f"digits:{function}",
        arguments=tuple(ir.Argument(name=n, value=v) for n, v in arguments.items()),
        outputs=(ir.OutputSpec(name="out"), *outputs),
        after=after,
        settings=settings,
        span=span(line),
    )


def block(*nodes: AnyNode) -> ir.Block:
    return ir.Block(nodes=nodes)


def each(
    id: str, over: AnyValue, *nodes: AnyNode, after: tuple[str, ...] = (), **gathers: AnyValue
) -> ir.Map:
    return ir.Map(
        id=id,
        items=over,
        body=block(*nodes),
        gathers=tuple(ir.Collected(name=n, value=v) for n, v in gathers.items()),
        after=after,
        span=span(20),
    )


def branch(
    id: str,
    test: AnyValue,
    then: Iterable[AnyNode],
    otherwise: Iterable[AnyNode],
    after: tuple[str, ...] = (),
    **merges: tuple[AnyValue, AnyValue],
) -> ir.Branch:
    return ir.Branch(
        id=id,
        condition=test,
        then=block(*then),
        otherwise=block(*otherwise),
        merges=tuple(
            ir.Choice(name=n, then=then, otherwise=other) for n, (then, other) in merges.items()
        ),
        after=after,
        span=span(30),
    )


def pipeline(
    *nodes: AnyNode,
    result: AnyValue = NOTHING,
    parameters: Iterable[ir.PipelineParameter] = (),
    name: str = "digits",
    **settings: object,
) -> ir.Pipeline:
    return ir.Pipeline(
        name=name,
        function="digits:pipeline",
        doc="Train a digit classifier.\n\nShip it if it is good enough.",
        code=ir.Code(digest="sha256:" + "ab" * 32, modules=("digits", "helpers.images")),
        parameters=tuple(parameters),
        body=block(*nodes),
        result=result,
        settings=msgspec.convert(settings, PipelineSettings),
        span=span(1),
    )


def parameter(name: str, default: str | None = None) -> ir.PipelineParameter:
    return ir.PipelineParameter(
        name=name, default=None if default is None else const(default), span=span(2)
    )


def item(map: str) -> ir.Item:
    return ir.Item(map=map)


def gather(map: str, name: str = "out") -> ir.Gather:
    return ir.Gather(map=map, name=name)


def merge(branch: str, name: str) -> ir.Merge:
    return ir.Merge(branch=branch, name=name)


def guard(
    name: str, body: Iterable[AnyNode], cleanup: Iterable[AnyNode], **exits: AnyValue
) -> ir.Guard:
    return ir.Guard(
        id=name,
        body=block(*body),
        cleanup=block(*cleanup),
        exits=tuple(ir.Collected(name=n, value=v) for n, v in exits.items()),
        span=span(13),
    )
