"""A pipeline drawn as a Mermaid flowchart."""

from headrace.compiler import ir
from headrace.compiler.graph import mermaid
from headrace.compiler.settings import StepSettings
from headrace.compiler.source import Span

SPAN = Span(path="p.py", line=1)
SETTINGS = StepSettings(image="python")


def call(name: str, *values: ir.Value, after: tuple[str, ...] = ()) -> ir.Call:
    arguments = tuple(ir.Argument(name=f"a{i}", value=value) for i, value in enumerate(values))
    return ir.Call(
        id=name,
        function=f"p:{name}",
        arguments=arguments,
        after=after,
        settings=SETTINGS,
        span=SPAN,
    )


def test_steps_maps_and_branches() -> None:
    body = ir.Block(nodes=(call("end", ir.Item(map="each")),))
    each = ir.Map(id="each", items=ir.Output(node="load", name="items"), body=body, span=SPAN)
    branch = ir.Branch(
        id="deploy",
        condition=ir.Output(node="load", name="ready"),
        then=ir.Block(nodes=(call("ship", ir.Gather(map="each")),)),
        otherwise=ir.Block(),
        span=SPAN,
    )
    last = call("tell", ir.Merge(branch="deploy", name="url"), after=("load",))
    pipeline = ir.Pipeline(
        name="p",
        function="p:pipeline",
        code=ir.Code(digest="sha256:0", modules=("p",)),
        body=ir.Block(nodes=(call("load", ir.Param(name="x")), each, branch, last)),
        span=SPAN,
    )
    assert mermaid(pipeline) == (
        "flowchart TD\n"
        '    n_load["load"]\n'
        '    subgraph n_each["for each: each"]\n'
        '        n_end["end"]\n'
        "    end\n"
        '    subgraph n_deploy["if: deploy"]\n'
        '        subgraph n_deploy_then["then"]\n'
        '            n_ship["ship"]\n'
        "        end\n"
        '        n_deploy_else["else: nothing"]\n'
        "    end\n"
        '    n_tell["tell"]\n'
        "    n_load --> n_each\n"
        "    n_load --> n_deploy\n"
        "    n_each --> n_ship\n"
        "    n_deploy --> n_tell\n"
        "    n_load -.-> n_tell\n"
    )
