from collections.abc import Iterable

import pytest

from argo_pipelines import (
    PIPELINES,
)
from headrace.compiler import glue as compiler_glue
from headrace.compiler import ir
from headrace.compiler.dataflow import AnyNode, AnyValue, walk
from headrace.compiler.diagnostics import InternalError
from headrace.compiler.print_ir import print_pipeline
from headrace.compiler.settings import StepSettings
from headrace.compiler.verify import BUILTINS, verify
from headrace.runtime.glue import HELPERS
from ir_nodes import (
    NOTHING,
    branch,
    call,
    condition,
    const,
    each,
    gather,
    glue,
    item,
    items,
    merge,
    out,
    parameter,
    pipeline,
    span,
)


def with_functions(made: ir.Pipeline) -> ir.Pipeline:
    """Return `made` with the signatures that the arguments of its steps suggest."""
    arguments: dict[str, dict[str, None]] = {}
    for node in walk(made.body):
        if isinstance(node, ir.Call):
            names = arguments.setdefault(node.function, {})
            names.update(dict.fromkeys(argument.name for argument in node.arguments))
    functions = tuple(
        ir.Function(
            key=key, parameters=tuple(ir.FunctionParameter(name=n) for n in names), span=span(1)
        )
        for key, names in arguments.items()
    )
    return made.replace(functions=functions)


def problems(made: ir.Pipeline, *, steered: bool = False) -> list[str]:
    try:
        verify(made, steered=steered)
    except InternalError as error:
        message, _, printed = str(error).partition("\n\n")
        assert printed == print_pipeline(made)
        return [line.removeprefix("- ") for line in message.splitlines()[1:]]
    return []


def found(
    *nodes: AnyNode,
    result: AnyValue = NOTHING,
    parameters: Iterable[ir.PipelineParameter] = (),
    steered: bool = False,
) -> list[str]:
    made = with_functions(pipeline(*nodes, result=result, parameters=parameters))
    return problems(made, steered=steered)


def compute(*outputs: ir.OutputSpec) -> ir.Compute:
    return ir.Compute(id="compute", outputs=outputs, settings=StepSettings(image="i"), span=span(3))


@pytest.mark.parametrize("name", PIPELINES)
def test_good_pipelines_pass(name: str) -> None:
    assert problems(with_functions(PIPELINES[name]), steered=True) == []


def test_glue_has_the_builtins_that_the_frontend_lets_through() -> None:
    assert compiler_glue.BUILTINS | set(HELPERS) == BUILTINS


def test_everything_that_is_wrong_is_listed_at_once() -> None:
    assert found(call("a"), call("a"), call("B"), result=out("c")) == [
        "more than one node has the id 'a'",
        "'B' is not lower-case letters, digits and inner '-'",
        "the result: no node 'c' before it in its block or around it",
    ]


@pytest.mark.parametrize("id", ["", "-a", "a-", "a_b", "a.b", "é", "a\n"])
def test_ids_are_labels(id: str) -> None:
    step = call("f").replace(id=id)
    assert found(step) == [f"{id!r} is not lower-case letters, digits and inner '-'"]


def test_ids_are_unique_across_blocks() -> None:
    nodes: list[AnyNode] = [
        each("m", const("[]"), call("f")),
        branch("b", NOTHING, [], [call("f")]),
    ]
    assert found(*nodes) == ["more than one node has the id 'f'"]


ABSENT = "no node 'x' before it in its block or around it"


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([call("a", p=out("x")), call("x")], f"a: {ABSENT}"),
        ([call("x", p=out("x"))], f"x: {ABSENT}"),
        ([each("m", const("[]"), call("x")), call("a", p=out("x"))], f"a: {ABSENT}"),
        ([branch("b", NOTHING, [call("x")], [call("a", p=out("x"))])], f"a: {ABSENT}"),
        ([branch("b", NOTHING, [call("x")], [], v=(NOTHING, out("x")))], f"b: {ABSENT}"),
        ([each("m", const("[]"), call("a", p=out("x"))), call("x")], f"a: {ABSENT}"),
        ([each("x", const("[]"), call("a", p=gather("x")), out=item("x"))], f"a: {ABSENT}"),
        ([call("a", p=glue("v", v=out("x")))], f"a: {ABSENT}"),
        ([call("a"), call("b", p=out("a", "y"))], "b: the call 'a' has no output 'y'"),
        ([call("a"), call("b", p=gather("a"))], "b: the call 'a' has no gather 'out'"),
        (
            [each("m", const("[]"), y=item("m")), call("b", p=gather("m", "z"))],
            "b: the map 'm' has no gather 'z'",
        ),
        (
            [branch("c", NOTHING, [], []), call("b", p=merge("c", "v"))],
            "b: the branch 'c' has no merge 'v'",
        ),
        ([call("a", p=ir.Param(name="p"))], "a: no parameter 'p'"),
        ([call("a", p=item("m"))], "a: the item of 'm' outside that map"),
        ([each("m", item("m"))], "m: the item of 'm' outside that map"),
        (
            [each("m", const("[]")), call("a", p=item("m"))],
            "a: the item of 'm' outside that map",
        ),
    ],
)
def test_references_resolve_before_or_around_them(nodes: list[AnyNode], expected: str) -> None:
    assert found(*nodes) == [expected]


def test_inner_blocks_see_what_stands_before_around_them() -> None:
    deep = branch("b", NOTHING, [call("g", p=out("f"), q=out("a"))], [], v=(out("f"), out("a")))
    body: list[AnyNode] = [call("f", p=item("m"), q=item("n")), deep]
    inner = each("n", const("[]"), *body, out=merge("b", "v"))
    assert found(call("a"), each("m", const("[]"), inner, out=gather("n"))) == []


@pytest.mark.parametrize("after", ["b", "a", "inside", "c"])
def test_after_names_earlier_siblings(after: str) -> None:
    nodes: list[AnyNode] = [
        each("map", const("[]"), call("inside")),
        call("a", after=(after,)),
        call("b"),
    ]
    expected = f"a: after {after!r}, which is no earlier node of its block"
    assert found(*nodes) == [expected]
    assert found(call(after), call("last", after=(after,))) == []


def test_an_inner_node_cannot_wait_for_an_outer_one() -> None:
    [problem] = found(call("a"), each("m", const("[]"), call("b", after=("a",))))
    assert problem == "b: after 'a', which is no earlier node of its block"


def test_names_within_a_node_are_unique() -> None:
    choice = ir.Choice(name="v", then=NOTHING, otherwise=NOTHING)
    gathered = ir.Collected(name="v", value=NOTHING)
    assert found(
        call("f", outputs=[ir.OutputSpec(name="out")]),
        branch("b", NOTHING, [], []).replace(merges=(choice, choice)),
        each("m", const("[]")).replace(gathers=(gathered, gathered)),
        parameters=[parameter("p"), parameter("p")],
    ) == [
        "the pipeline has two parameters 'p'",
        "f: two outputs 'out'",
        "b: two merges 'v'",
        "m: two gathers 'v'",
    ]


def test_every_output_of_a_compute_has_an_expression() -> None:
    assert found(compute(ir.OutputSpec(name="y"), condition("True"))) == [
        "compute: output 'y' of a compute has no expression"
    ]


def test_arguments_fit_the_function() -> None:
    step = call("f", a=NOTHING, b=NOTHING)
    twice = step.replace(arguments=step.arguments[:1] * 2)

    def with_parameters(node: ir.Call, *names: str) -> list[str]:
        parameters = tuple(ir.FunctionParameter(name=name) for name in names)
        function = ir.Function(key="digits:f", parameters=parameters, span=span(1))
        return problems(pipeline(node).replace(functions=(function,)))

    assert problems(pipeline(step)) == ["f: no function 'digits:f' in the pipeline"]
    assert with_parameters(step, "a", "b", "c") == []
    assert with_parameters(step, "a", "*b") == ["f: digits:f has no parameter 'b'"]
    assert with_parameters(step, "**rest") == []
    assert with_parameters(twice, "a") == ["f: two arguments 'a'"]


@pytest.mark.parametrize(
    "source",
    [
        "[v for v in sorted(x) if v > y]",
        "(lambda v, *w, k=y, **o: [v, w, k, o])(x)",
        "{k: v for k in x for v in range(k) if y}",
        "format(x, '.2f') + str(y)",
    ],
)
def test_names_that_glue_binds_itself_are_not_free(source: str) -> None:
    assert found(call("f", p=glue(source, x=const("1"), y=const("2")))) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x + z", "'z' is not bound in the glue 'x + z'"),
        ("[x for z in z]", "'z' is not bound in the glue '[x for z in z]'"),
        ("[v for v in x] + [v]", "'v' is not bound in the glue '[v for v in x] + [v]'"),
        ("(lambda v=v: x)()", "'v' is not bound in the glue '(lambda v=v: x)()'"),
        ("open(x)", "'open' is not bound in the glue 'open(x)'"),
        ("result + x", "'result' is not bound in the glue 'result + x'"),
        ("[x for x in '']", "'x' is not used in the glue \"[x for x in '']\""),
        ("x = 1", "the glue 'x = 1' is not a Python expression"),
        ("x +", "the glue 'x +' is not a Python expression"),
    ],
)
def test_names_of_glue_are_exactly_those_it_reads(source: str, expected: str) -> None:
    assert found(call("f", p=glue(source, x=const("1")))) == [f"f: {expected}"]


def test_only_an_output_of_a_call_reads_its_result() -> None:
    assert found(call("f", outputs=[condition("result > 1")])) == []
    same = glue("result > 1")
    step = call("f", p=same, outputs=[ir.OutputSpec(name="y", expression=same)])
    unbound = "'result' is not bound in the glue 'result > 1'"
    assert found(step) == [f"f: {unbound}"]
    assert found(compute(condition("result > 1"))) == [f"compute: {unbound}"]


def test_a_name_means_one_value_in_a_node() -> None:
    one, two = glue("x", x=const("1")), glue("x", x=const("2"))
    assert found(call("f", p=one, q=two)) == ["f: the name 'x' means two values"]
    output = condition("result > x", x=const("2"))
    assert found(call("f", p=one, outputs=[output])) == ["f: the name 'x' means two values"]
    assert found(call("f", p=one), call("g", p=two)) == []
    assert found(branch("b", one, [], [], v=(one, two))) == []


def test_engines_read_only_outputs_of_a_role() -> None:
    source = call("f", outputs=[condition("result"), items("result")])
    swapped: list[AnyNode] = [
        branch("b", out("f", "items"), [], []),
        each("m", out("f", "condition")),
        each("n", const("{}")),
        branch("c", const("true"), [], []),
        each("o", glue("x", x=out("f"))),
    ]
    assert found(source, *swapped) == []
    assert found(source, *swapped, steered=True) == [
        "b: its condition is not an output of that role",
        "m: its items are neither constant nor an output of that role",
        "n: its constant items are no JSON array",
        "c: its condition is not an output of that role",
        "o: its items are neither constant nor an output of that role",
    ]


def test_what_leaves_a_block_is_a_reference_once_steered() -> None:
    step = call("f", outputs=[condition("result"), items("result")])
    x = glue("x", x=out("f"))
    nodes: list[AnyNode] = [
        each("m", out("f", "items"), y=x),
        branch("b", out("f", "condition"), [], [], t=(x, NOTHING), o=(NOTHING, x)),
    ]
    assert found(step, *nodes, result=x) == []
    assert found(step, *nodes, result=x, steered=True) == [
        "the result is glue",
        "m: 'y' is glue",
        "b: 't' is glue",
        "b: 'o' is glue",
    ]
