"""Pipelines as IR, and the functions that their steps run, for the tests of the Airflow target."""

from headrace.compiler import ir
from headrace.compiler.settings import (
    PipelineSettings,
    Retries,
    Schedule,
    StepSettings,
    Toleration,
)
from headrace.compiler.source import Span
from headrace.runtime import code

STEPS = """
import os
import pathlib


def pair(first, second):
    return (first, second)


def same(value):
    return value


def both(left, right):
    return [left, right]


def count(value):
    return len(value)


def fail(value):
    raise ValueError(f"cannot do {value}")


def everything(**values):
    return values


def environment(name):
    return os.environ[name]


def note(text, folder="."):
    with open(pathlib.Path(folder) / "notes.txt", "a") as notes:
        notes.write(text + "\\n")
"""

DIGEST = code.digest({"flow": STEPS.encode()})
"""The digest of a module `flow` whose text is `STEPS`."""

HAZARDS = (
    "{{=1+1}}",
    "{{ ds }}",
    "{% raw %}",
    "{# c #}",
    "$(HOME)",
    "$(HEADRACE_CODE)",
    "$$",
    "$$(x)",
    "\"'`\\",
    "\\u007b{{",
    "a\r\nb\rc\n",
    "run.sh",
    "a.json",
    "\U0001f600 ü \u2028 \x7f",
    " ends with spaces  ",
    "<a href='x'>&amp;</a>",
    "@file",
    "=1",
    "*[]",
    "--flag=1",
    "",
)
"""Texts that some engine, shell or template language reads as its own."""


def span(line: int) -> Span:
    return Span(path="flow.py", line=line)


def const(text: str) -> ir.Const:
    return ir.Const(text=text)


def out(node: str, name: str = "out") -> ir.Output:
    return ir.Output(node=node, name=name)


def glue(source: str, **names: ir.Reference) -> ir.Glue:
    return ir.Glue(source=source, names=tuple(names.items()))


def value(name: str, source: str, **names: ir.Reference) -> ir.OutputSpec:
    return ir.OutputSpec(name=name, expression=glue(source, **names))


def condition(name: str, source: str, **names: ir.Reference) -> ir.OutputSpec:
    return ir.OutputSpec(name=name, role="condition", expression=glue(source, **names))


def items(name: str, source: str, **names: ir.Reference) -> ir.OutputSpec:
    return ir.OutputSpec(name=name, role="items", expression=glue(source, **names))


PLAIN = StepSettings(image="ghcr.io/acme/flow:1")


def call(
    id: str,
    function: str,
    arguments: dict[str, ir.Value] | None = None,
    *outputs: ir.OutputSpec,
    after: tuple[str, ...] = (),
    settings: StepSettings = PLAIN,
    line: int = 10,
) -> ir.Call:
    given = {} if arguments is None else arguments
    return ir.Call(
        id=id,
        function=f"flow:{function}",
        arguments=tuple(ir.Argument(name=k, value=v) for k, v in given.items()),
        outputs=(ir.OutputSpec(name="out"), *outputs),
        after=after,
        settings=settings,
        span=span(line),
    )


def each(
    id: str,
    over: ir.Value,
    *nodes: ir.Node,
    after: tuple[str, ...] = (),
    **gathers: ir.Value,
) -> ir.Map:
    return ir.Map(
        id=id,
        items=over,
        body=ir.Block(nodes=nodes),
        gathers=tuple(ir.Collected(name=k, value=v) for k, v in gathers.items()),
        after=after,
        span=span(20),
    )


def branch(
    id: str,
    test: ir.Output,
    then: tuple[ir.Node, ...] = (),
    otherwise: tuple[ir.Node, ...] = (),
    after: tuple[str, ...] = (),
    **merges: tuple[ir.Value, ir.Value],
) -> ir.Branch:
    return ir.Branch(
        id=id,
        condition=test,
        then=ir.Block(nodes=then),
        otherwise=ir.Block(nodes=otherwise),
        merges=tuple(ir.Choice(name=k, then=a, otherwise=b) for k, (a, b) in merges.items()),
        after=after,
        span=span(30),
    )


def pipeline(
    *nodes: ir.Node,
    result: ir.Value,
    digest: str = DIGEST,
    parameters: dict[str, str | None] | None = None,
    settings: PipelineSettings | None = None,
    name: str = "flow-line",
    doc: str = "A pipeline.",
) -> ir.Pipeline:
    given = {} if parameters is None else parameters
    return ir.Pipeline(
        name=name,
        function="flow:pipeline",
        doc=doc,
        code=ir.Code(digest=digest, modules=("flow",)),
        parameters=tuple(
            ir.PipelineParameter(name=k, default=None if v is None else const(v), span=span(1))
            for k, v in given.items()
        ),
        body=ir.Block(nodes=nodes),
        result=result,
        settings=PipelineSettings() if settings is None else settings,
        span=span(1),
    )


def everything() -> ir.Pipeline:
    """Build a pipeline with each thing that the file can hold."""
    heavy = PLAIN.replace(
        image="ghcr.io/acme/heavy",
        memory="1Gi",
        env={"NAME": 'it\'s "$HOME" {{ ds }}\\'},
        timeout=90,
        retries=Retries(limit=2, factor=2, max_delay=60),
        node_selector={"disk": "ssd"},
        tolerations=(Toleration(key="a", operator="Exists"), Toleration(value="b")),
    )
    listed = items("rows", "result")
    return pipeline(
        call("list", "same", {"value": ir.Param(name="xs")}, listed, condition("any", "result")),
        each(
            "turns",
            out("list", "rows"),
            call("ask", "same", {"value": ir.Item(map="turns")}, condition("big", "result > 1")),
            branch(
                "size",
                out("ask", "big"),
                (
                    branch(
                        "any",
                        out("list", "any"),
                        (call("up", "same", {"value": out("ask")}, settings=heavy),),
                    ),
                ),
                x=(out("ask"), const('"it\'s \\"small\\""')),
            ),
            x=ir.Merge(branch="size", name="x"),
        ),
        *(call(f"a-rather-long-name-{i}", "same", {"value": const(str(i))}) for i in range(4)),
        call(
            "end",
            "everything",
            {
                "g": ir.Gather(map="turns", name="x"),
                "h": glue("[a, b]", a=out("a-rather-long-name-0"), b=out("a-rather-long-name-1")),
            },
            after=("a-rather-long-name-2", "a-rather-long-name-3"),
        ),
        result=out("end"),
        parameters={"xs": '["a"]'},
        settings=PipelineSettings(schedule=Schedule(cron="0 3 * * *", overlap="allow")),
        doc='"Quoted" \\ text, """three""".\n\n    Indented \u2028 end"',
    )
