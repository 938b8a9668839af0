"""The wire format: every value comes back as itself, and no engine finds a template in its text."""

import collections
import datetime
import decimal
import fractions
import json
import sys
import uuid
import zoneinfo
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.runtime import wire
from headrace.runtime.errors import DataError, ManifestError, StepError
from runtime_shapes import HAZARDS, Access, Colour, Frozen, Level, Other, Point, Settings, same


def assert_safe(text: str) -> None:
    assert text.isascii()
    assert text.isprintable() or not text
    for sign in ("{{", "{%", "{#", "$", "\x7f"):
        assert sign not in text


@pytest.mark.parametrize("text", HAZARDS, ids=ascii)
def test_hazardous_texts_are_exact_as_values_keys_and_elements(text: str) -> None:
    values: tuple[object, ...] = (text, [text, 1], {text: text}, {"of": {text: [text]}}, (text,))
    for value in values:
        written = wire.encode(value)
        assert_safe(written)
        assert same(wire.decode(written), value)
        assert same(wire.decode(wire.mark(written)), value)
        assert same(wire.decode(wire.bare(wire.mark(written))), value)


VALUES: tuple[Any, ...] = (
    *(0, -1, 2**53 + 1, 10**4000, True, False, None),
    *(0.0, -0.0, 3.0, 1e300, 5e-324, 0.1, float("inf"), float("-inf"), float("nan")),
    *([], {}, (), [[]], {"b": 1, "a": 2}, {"a": {}}, (1, (2.0, [3])), {1: "a", "1": "b", None: 0}),
    *({(1, 2): {"!": 1}}, {"!": "tuple", "of": [1]}, {1, 2, 3}, {"a"}, frozenset({(1,)})),
    *(b"", b"\x00\xff{{", bytearray(b"x"), 1 - 0j, range(2, 10, 3)),
    *(decimal.Decimal("1.10"), decimal.Decimal("NaN"), fractions.Fraction(1, 3), uuid.UUID(int=7)),
    *(datetime.date(2024, 2, 29), datetime.timedelta(-1, 2, 3), datetime.time(1, 2, 3, 4)),
    datetime.datetime(2024, 1, 1, 12, 30, 0, 5),
    datetime.datetime(2024, 1, 1, tzinfo=datetime.timezone.utc),  # noqa: UP017 (its older name)
    datetime.datetime(
        2024, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=1), "somewhere")
    ),
    datetime.datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
    *(collections.OrderedDict(b=1, a=2), collections.Counter("hello"), collections.deque([1], 5)),
    collections.defaultdict(list, {"a": [1]}),
    *(Colour.RED, Colour.PAIR, Level.LOW, Access.READ, Access.READ | Access.WRITE),
    *(Point(1, -0.0), Settings("a", [1.0, 2.0]), Frozen(Point(1.5), Colour.RED)),
    *(numpy.float32(0.1), numpy.float64("-inf"), numpy.int8(-3), numpy.bool_(True)),
    *(numpy.complex64(1j), numpy.str_("é"), numpy.datetime64("2024-01-02T03:04:05", "ms")),
    numpy.timedelta64(5, "D"),
)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:40])
def test_values_come_back_as_themselves(value: object) -> None:
    written = wire.encode(value)
    assert_safe(written)
    back = wire.decode(wire.mark(written))
    if isinstance(value, decimal.Decimal | numpy.generic):
        assert type(back) is type(value)
        assert repr(back) == repr(value)
    else:
        assert same(back, value)
    json.dumps(wire.plain(wire.mark(written)))


def test_what_equality_does_not_show() -> None:
    back = wire.decode(wire.encode(datetime.datetime(2024, 10, 27, 2, 30, fold=1)))
    assert back.fold == 1
    utc = wire.decode(wire.encode(datetime.datetime.now(datetime.UTC))).tzinfo
    assert utc is datetime.UTC
    assert wire.decode(wire.encode(Colour.RED)) is Colour.RED
    assert list(wire.decode(wire.encode({"b": 1, "a": 2}))) == ["b", "a"]
    settings = Settings("a", [1.0])
    settings.extra = 5  # type: ignore[attr-defined]
    assert settings.doubled == 2.0
    assert vars(wire.decode(wire.encode(settings))) == {
        "name": "a", "rates": [1.0], "total": 1.0, "extra": 5,
    }  # fmt: skip
    assert wire.encode({"b", "a", "c"}) == wire.encode({"c", "b", "a"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text(st.characters(codec=None)), inner)
        | st.dictionaries(st.integers() | st.tuples(st.text()), inner)
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_value_comes_back_as_itself(value: object) -> None:
    written = wire.encode(value)
    assert_safe(written)
    assert same(wire.decode(wire.mark(written)), value)


@given(st.lists(JSON, max_size=4))
def test_items_are_split_and_gathered_exactly(values: list[object]) -> None:
    written = wire.encode(values)
    for text in (written, wire.mark(written), wire.encode(tuple(values))):
        items = wire.split_items(text)
        assert same([wire.decode(item) for item in items], values)
        gathered = wire.LIST_MARK + wire.encode_marked_list(items)
        assert same(wire.decode(gathered), values)
        assert same(wire.decode(wire.bare(gathered)), values)
        assert wire.split_items(gathered) == items
        nested = wire.LIST_MARK + wire.encode_marked_list([gathered, wire.mark("1")])
        assert same(wire.decode(nested), [values, 1])


def test_other_iterables_are_split_as_python_iterates_them() -> None:
    assert wire.split_items('{"b": 1, "a": 2}') == ['="b"', '="a"']
    assert wire.split_items(wire.encode(range(2))) == ["=0", "=1"]
    assert wire.split_items(wire.encode(Point(1, 2.0))) == ["=1", "=2.0"]
    assert wire.split_items("[1.0, 9007199254740993, 1e5]") == [
        "=1.0", "=9007199254740993", "=100000.0",
    ]  # fmt: skip
    with pytest.raises(DataError):
        wire.split_items("3")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "empty"),
        ("=", "not JSON"),
        ("abc", "needs double quotes"),
        ("*[1]", "not a list of marked texts"),
        ('*["1"]', "not a list of marked texts"),
        ('{"!": "nothing"}', "unknown kind of value 'nothing'"),
        ('{"!": ["x"]}', "unknown kind of value"),
        ('{"!": "tuple"}', "cannot read"),
        ('{"!": "dict", "of": [[[], 1]]}', "cannot read"),
        ('{"!": "enum", "class": "no_such:X", "name": "A", "value": 1}', "not here"),
        ('{"!": "dataclass", "class": "os:sep", "of": {}}', "not a class"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_value_is_told(text: str, part: str) -> None:
    with pytest.raises(DataError, match=part):
        wire.decode(text)


def test_a_value_that_contains_itself_is_refused() -> None:
    value: list[object] = []
    value.append(value)
    with pytest.raises(DataError, match="contains itself"):
        wire.encode(value)


@pytest.mark.parametrize("value", [Other(1), b"x" * 5000, numpy.zeros(2), object], ids=type)
def test_an_artifact_needs_a_store(value: object) -> None:
    with pytest.raises(ManifestError, match="needs a store"):
        wire.encode([value])


def test_the_limit_on_digits_stands_again_afterwards() -> None:
    limit = sys.get_int_max_str_digits()
    assert wire.decode(wire.encode([10**6000])) == [10**6000]
    with pytest.raises(StepError):
        wire.decode("x")
    assert sys.get_int_max_str_digits() == limit


def test_the_plain_view_imports_nothing_and_has_no_tags() -> None:
    named = (
        '{"!": "namedtuple", "class": "not_here:P", "of": {"x": 1, "y": {"!": "tuple", "of": []}}}'
    )
    members = '{"!": "enum", "class": "not_here:E", "name": "A", "value": 7}'
    data = '{"!": "dataclass", "class": "not_here:D", "of": {"p": %s}, "more": {"q": 1}}'.replace(
        "%s", members
    )
    artifact = (
        '{"!": "artifact", "codec": "file", "name": "a.txt", "digest": "sha256:0", "size": 3}'
    )
    assert wire.plain(f"=[{named}, {members}, {data}]") == [[1, []], 7, {"p": 7}]
    assert wire.plain(artifact) == {
        "kind": "file", "name": "a.txt", "digest": "sha256:0", "size": 3,
    }  # fmt: skip
    when = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
    for value, plain in (
        ((1, {2}), [1, [2]]),
        ({1: "a", (2, 3): "b"}, {1: "a", "[2, 3]": "b"}),
        (numpy.float32(0.5), 0.5),
        (decimal.Decimal("1.10"), "1.10"),
        (when, "2024-01-01T00:00:00+00:00"),
        (b"ab", {"kind": "bytes", "size": 2, "base64": "YWI="}),
        (collections.Counter("aa"), {"a": 2}),
        ("\ud83d\ude00", "\ud83d\ude00"),
        ({"!": [1]}, {"!": [1]}),
    ):
        assert wire.plain(wire.mark(wire.encode(value))) == plain
