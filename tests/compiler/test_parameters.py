"""The parameters of a run: what people write, what the pipeline gets, what is refused."""

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import pytest

from headrace.compiler import driver, ir
from headrace.compiler.frontend.given import Given
from headrace.compiler.parameters import ParameterError, read_parameters
from headrace.runtime import wire

Read: TypeAlias = Callable[[str | None, str], object]

MODULE = """
import typing
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Optional, TypedDict
from uuid import UUID, uuid4

Rates = list[float]

class Mode(Enum):
    FAST = "fast"
    EXACT = "exact"

class Level(IntEnum):
    LOW = 1
    HIGH = 2

class Point(NamedTuple):
    x: int
    y: int = 0

@dataclass
class Config:
    rate: float
    mode: Mode = Mode.FAST
    origin: Point = Point(1)
    tags: list[str] = field(default_factory=list)

@dataclass
class Dated:
    id: UUID = field(default_factory=uuid4)

@dataclass
class Checked:
    rate: float
    def __post_init__(self): assert self.rate

class Row(TypedDict):
    id: int
    note: typing.NotRequired[str]
"""


def compiled(tmp_path: Path, parameter: str) -> tuple[Sequence[ir.PipelineParameter], Given]:
    """Return the declared parameters of a pipeline with this one, and their types."""
    file = tmp_path / "given_flow.py"
    file.write_text(f"{MODULE}\ndef pipeline({parameter}):\n    return x\n")
    compilation = driver.compile_source(file)
    assert compilation.pipeline is not None, list(compilation.diagnostics)
    return compilation.pipeline.parameters, driver.given_parameters(compilation)


def texts(tmp_path: Path, parameter: str, assignments: list[str]) -> dict[str, str]:
    return read_parameters(*compiled(tmp_path, parameter), assignments)


def annotated(annotation: str | None) -> str:
    return f"x: {annotation}" if annotation else "x"


@pytest.fixture(name="read")
def _read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Read]:
    monkeypatch.syspath_prepend(tmp_path)

    def read(annotation: str | None, written: str) -> object:
        return wire.decode(texts(tmp_path, annotated(annotation), [f"x={written}"])["x"])

    yield read
    sys.modules.pop("given_flow", None)


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
def test_what_a_pipeline_gets(
    read: Read, annotation: str | None, written: str, value: object
) -> None:
    got = read(annotation, written)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("annotation", "written", "shown"),
    [
        ("Mode", "fast", "<Mode.FAST: 'fast'>"),
        ("Mode", "EXACT", "<Mode.EXACT: 'exact'>"),
        ("Mode", '"exact"', "<Mode.EXACT: 'exact'>"),
        ("Level", "2", "<Level.HIGH: 2>"),
        ("Level", "LOW", "<Level.LOW: 1>"),
        ("Mode | None", "null", "None"),
        ("list[Mode]", '["fast", "EXACT"]', "[<Mode.FAST: 'fast'>, <Mode.EXACT: 'exact'>]"),
        ("Point", "[3]", "Point(x=3, y=0)"),
        ("Point", '{"y": 2, "x": 1}', "Point(x=1, y=2)"),
        ("dict[str, Point]", '{"a": [1, 2]}', "{'a': Point(x=1, y=2)}"),
        (
            "Config",
            '{"rate": 2}',
            "Config(rate=2, mode=<Mode.FAST: 'fast'>, origin=Point(x=1, y=0), tags=[])",
        ),
        (
            "Optional[Config]",
            '{"rate": 0.5, "mode": "exact", "origin": [0, 1], "tags": ["a"]}',
            "Config(rate=0.5, mode=<Mode.EXACT: 'exact'>, origin=Point(x=0, y=1), tags=['a'])",
        ),
        ("Row", '{"id": 1}', "{'id': 1}"),
        ("Rates", "[1, 0.5]", "[1, 0.5]"),
        ("Annotated[tuple[int, ...], 'x']", "[1]", "(1,)"),
        ("set[int]", "[1, 1]", "{1}"),
        ("frozenset[str]", '["a"]', "frozenset({'a'})"),
        ("date", "2024-02-29", "datetime.date(2024, 2, 29)"),
        ("datetime | None", '"2024-02-29T10:00:00+01:00"', None),
        ("Decimal", "0.10000000000000000000001", "Decimal('0.10000000000000000000001')"),
        ("UUID", "12345678123456781234567812345678", None),
    ],
)
def test_what_json_has_no_word_for(
    read: Read, annotation: str, written: str, shown: str | None
) -> None:
    got = read(annotation, written)
    if shown is None:
        bare = annotation.partition(" ")[0]
        assert type(got).__name__ == bare
    else:
        assert repr(got) == shown


def test_an_integer_of_any_size_is_exact(read: Read) -> None:
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
        ("int", "1e400", "is int: 1e400 is not int"),
        ("list[int]", "[1, -1e400]", "-1e400 is not int"),
        ("int | None", "1E400", "1E400 is not int"),
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
        ("Mode", "fats", 'no Mode: did you mean "FAST" or "fast"?'),
        ("Mode", "3", "3 is no Mode: known here: EXACT, FAST"),
        ("Config", "{}", "Config needs the field 'rate'"),
        ("Config", '{"rate": 1, "mod": 1}', "no field 'mod': did you mean \"mode\"?"),
        ("Config", '{"rate": "a"}', "'a' is not float"),
        ("Config | None", '{"rate": [1]}', "[1] is not float"),
        ("Config", "[1]", "not an object with the fields of Config"),
        ("Point", "[1, 2, 3]", "Point has 2 fields"),
        ("Dated", "{}", "the default of 'id' is known to Python alone"),
        ("Checked", '{"rate": 1}', "Checked is made by code of its own"),
        ("Row", "{}", "Row needs the field 'id'"),
        ("date", "2024-02-30", "'2024-02-30' is not date"),
        ("Decimal", "x", "'x' is not Decimal"),
        ("list[Path] | None", '["a"]', "cannot be given Path"),
        ("list[bytes] | None", '["a"]', "cannot be given bytes"),
    ],
)
def test_what_does_not_fit(read: Read, annotation: str | None, written: str, part: str) -> None:
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
def test_names(tmp_path: Path, assignments: list[str], part: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(part)):
        texts(tmp_path, "x: int", assignments)


def test_a_default_need_not_be_given(tmp_path: Path) -> None:
    assert texts(tmp_path, "x: int = 1", []) == {}


def test_the_text_is_safe_from_template_engines(tmp_path: Path) -> None:
    text = texts(tmp_path, "x: str", ["x={{=1+1}}$(HOME)"])["x"]
    assert "{{" not in text
    assert "$(" not in text
    assert json.loads(text) == "{{=1+1}}$(HOME)"
