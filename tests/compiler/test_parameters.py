"""The parameters of a run: what people write, what the pipeline gets, what is refused."""

import json
import re
import sys

import pytest

from headrace.compiler import ir
from headrace.compiler.parameters import ParameterError, read_parameters
from headrace.compiler.source import Span
from headrace.runtime import wire


def declared(annotation: str | None, *, default: bool = False) -> list[ir.PipelineParameter]:
    span = Span(path="p.py", line=1)
    value = ir.Const(text="null") if default else None
    return [ir.PipelineParameter(name="x", annotation=annotation, default=value, span=span)]


def read(annotation: str | None, written: str) -> object:
    return wire.decode(read_parameters(declared(annotation), [f"x={written}"])["x"])


@pytest.mark.parametrize(
    ("annotation", "written", "value"),
    [
        ("str", "3", "3"),
        ("str", "", ""),
        ("str", " {{=1+1}} $(HOME)=\n", " {{=1+1}} $(HOME)=\n"),
        ("str | None", "None", "None"),
        ("'str'", '"a"', '"a"'),
        ("Optional[str]", "true", "true"),
        ("int", "3", 3),
        ("float", "3", 3),
        ("float", "-Infinity", float("-inf")),
        ("bool", "True", True),
        ("bool", "false", False),
        ("int | None", "None", None),
        ("int | None", "null", None),
        ("typing.Optional[int]", "4", 4),
        ("Literal['a', 1]", "a", "a"),
        ("Literal['a', 1]", "1", 1),
        ("list[float]", "[1, 0.5]", [1, 0.5]),
        ("list[bool]", "[True, False]", [True, False]),
        ("tuple[int, str]", '[1, "a"]', (1, "a")),
        ("tuple[int, ...]", "[]", ()),
        ("list[tuple[int, int]]", "[[1, 2]]", [(1, 2)]),
        ("dict[str, tuple[int, ...]]", '{"a": [1]}', {"a": (1,)}),
        ("dict[int, str]", "{1: 'a'}", {1: "a"}),
        (None, "[-1, 2.5e+3, 0, None]", [-1, 2500.0, 0, None]),
        ("int | list[int]", "[1]", [1]),
        ("SomethingElse", '{"a": 1}', {"a": 1}),
        (None, "[1]", [1]),
    ],
)
def test_what_a_pipeline_gets(annotation: str | None, written: str, value: object) -> None:
    got = read(annotation, written)
    assert got == value
    assert type(got) is type(value)


def test_an_integer_of_any_size_is_exact() -> None:
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        assert read("int", "1" + "0" * 5000) == 10**5000
    finally:
        sys.set_int_max_str_digits(limit)


@pytest.mark.parametrize(
    ("annotation", "written", "part"),
    [
        ("int", "3.0", "3.0 is not int"),
        ("int", "true", "True is not int"),
        ("int", '"3"', "'3' is not int"),
        ("float", "fast", "must be JSON"),
        ("bool", "1", "1 is not bool"),
        ("list[int]", "[1, 'a']", "'a' is not int"),
        ("list[int]", "3", "3 is not a list"),
        ("tuple[int, int]", "[1]", "has 1 elements, not 2"),
        ("dict[str, int]", '{"a": "b"}', "'b' is not int"),
        ("dict[int, int]", '{"1": 1}', "'1' is not int"),
        ("Literal['a', 'b']", '"c"', "none of 'a', 'b'"),
        ("int | None", '"a"', "'a' is not int or None"),
        (None, "text", "double quotes"),
        ("int", "0x10", "must be JSON"),
        ("int", "1_000", "must be JSON"),
        ("int", "+1", "must be JSON"),
        ("float", "1.", "must be JSON"),
        ("list[int]", "(0b1,)", "must be JSON"),
        (None, "{'a': [1_0]}", "must be JSON"),
        ("list[int]", "__import__('os')", "must be JSON"),
        ("int", "[" * 100000, "must be JSON"),
    ],
)
def test_what_does_not_fit(annotation: str | None, written: str, part: str) -> None:
    with pytest.raises(ParameterError, match=f"parameter 'x' .*{re.escape(part)}"):
        read(annotation, written)


@pytest.mark.parametrize(
    ("assignments", "part"),
    [
        (["y=1"], "no parameter 'y'"),
        (["X=1"], 'did you mean "x"?'),
        (["x=1", "x=2"], "given twice"),
        (["x"], "NAME=VALUE"),
        ([], "needs a value for x: add --param x=..."),
    ],
)
def test_names(assignments: list[str], part: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(part)):
        read_parameters(declared("int"), assignments)


def test_a_default_need_not_be_given() -> None:
    assert read_parameters(declared("int", default=True), []) == {}


def test_the_text_is_safe_from_template_engines() -> None:
    text = read_parameters(declared("str"), ["x={{=1+1}}$(HOME)"])["x"]
    assert "{{" not in text
    assert "$(" not in text
    assert json.loads(text) == "{{=1+1}}$(HOME)"
