"""What fits where, which values travel how, and how types are put together and shown."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.compiler.frontend.parts import bounded
from headrace.compiler.frontend.types import (
    BOOL,
    COMPLEX,
    FLOAT,
    INT,
    NONE,
    STR,
    UNANNOTATED,
    UNKNOWN,
    Abstract,
    Artifact,
    Dict,
    Enum,
    Field,
    FrozenSet,
    List,
    Literal,
    Record,
    Set,
    Tuple,
    TupleOf,
    Type,
    Union,
    Value,
    can_steer,
    element,
    field,
    fits,
    is_artifact,
    is_parameter,
    item,
    merge,
    show,
    type_of_value,
)
from static_types import holds, types_of, values

PURE_PATH = Artifact("pathlib.PurePath")
PATH, FRAME = Artifact("pathlib.Path", (PURE_PATH,)), Artifact("pandas.DataFrame")
BYTES = Artifact("bytes")
FOREIGN = Artifact("lib.Thing", (UNKNOWN,))
BASE, OTHER = Artifact("m:Base"), Artifact("m:Other")
CHILD = Artifact("m:Child", (BASE,))
GRANDCHILD = Artifact("m:Grandchild", (CHILD,))
MODEL = Artifact("m:Model", (FOREIGN,))
USER_ID = Artifact("m:UserId", (STR,))
COLOUR = Enum("m:Colour", ("RED", "BLUE"), STR)
NAMED = Enum("m:Named", ("A",), STR, (STR,))
LEVEL = Enum("m:Level", ("LOW",), INT, (INT,))
POINT = Record("namedtuple", "m:Point", (Field("x", INT), Field("y", FLOAT, True)))
CONFIG = Record("dataclass", "m:Config", (Field("lr", FLOAT), Field("data", PATH)))
SMALL = Record("dataclass", "m:Small", (Field("lr", FLOAT),), (CONFIG,), ("total",))
LIMITS = Record("typeddict", "m:Limits", (Field("low", INT), Field("name", STR, True)))
WIDE = Record("typeddict", "m:Wide", (Field("low", INT), Field("high", INT)))
DATE, DATETIME = Value("datetime.date"), Value("datetime.datetime")
COUNTER, NUMPY = Value("collections.Counter", (STR,)), Value("numpy.float64")


def sequence(of: Type) -> Abstract:
    return Abstract("Sequence", of)


def mapping(key: Type, value: Type) -> Abstract:
    return Abstract("Mapping", key, value)


def union(*members: Type) -> Type:
    return merge(members)


FIT = [
    # what is unknown
    *((UNKNOWN, INT), (INT, UNKNOWN), (UNANNOTATED, PATH), (List(UNKNOWN), List(INT))),
    # numbers and texts
    *((BOOL, INT), (BOOL, FLOAT), (INT, FLOAT), (FLOAT, COMPLEX), (STR, STR), (NONE, NONE)),
    # unions
    *((union(INT, STR), STR), (INT, union(NONE, FLOAT)), (union(INT, NONE), union(STR, NONE))),
    # literals
    *((Literal(("a",)), STR), (STR, Literal(("a",))), (Literal((1,)), FLOAT)),
    *((Literal(("a", "b")), Literal(("b", "c"))), (BOOL, Literal((True,)))),
    # collections
    *((List(INT), List(FLOAT)), (List(union(INT, STR)), List(STR)), (Set(INT), Set(FLOAT))),
    *((Dict(STR, INT), Dict(STR, FLOAT)), (FrozenSet(STR), FrozenSet(STR))),
    *((Tuple((INT, STR)), Tuple((FLOAT, STR))), (Tuple((INT, INT)), TupleOf(INT))),
    *((TupleOf(INT), Tuple((INT, INT))), (TupleOf(INT), TupleOf(FLOAT)), (Tuple(()), TupleOf(STR))),
    # abstract collections
    *((List(INT), sequence(FLOAT)), (TupleOf(INT), sequence(INT)), (STR, sequence(STR))),
    *((Tuple((INT, BOOL)), Abstract("Iterable", INT)), (Dict(STR, INT), Abstract("Iterable", STR))),
    *((Dict(STR, INT), mapping(STR, FLOAT)), (Set(INT), Abstract("Collection", INT))),
    *((Set(INT), Abstract("Set", INT)), (List(INT), Abstract("Iterator", INT))),
    *((Value("range"), sequence(INT)), (Value("collections.deque", (INT,)), sequence(INT))),
    *((sequence(INT), List(INT)), (mapping(STR, INT), Dict(STR, INT)), (sequence(STR), STR)),
    *(
        (Abstract("Iterable", INT), sequence(INT)),
        (Abstract("KeysView", STR), Abstract("Set", STR)),
    ),
    *((sequence(INT), FRAME), (FRAME, Abstract("Iterable", STR)), (BYTES, sequence(INT))),
    # enumerations
    *((COLOUR, COLOUR), (NAMED, STR), (LEVEL, INT), (LEVEL, FLOAT), (NAMED, Literal(("a",)))),
    # records
    *(
        (POINT, POINT),
        (POINT, Tuple((INT, FLOAT))),
        (POINT, TupleOf(FLOAT)),
        (POINT, sequence(FLOAT)),
    ),
    *((CONFIG, CONFIG), (SMALL, CONFIG), (CONFIG, SMALL), (LIMITS, LIMITS), (WIDE, LIMITS)),
    *((LIMITS, Dict(STR, INT)), (LIMITS, mapping(STR, INT)), (Dict(STR, INT), LIMITS)),
    *((Dict(STR, UNKNOWN), WIDE), (mapping(STR, INT), WIDE), (COUNTER, WIDE)),
    (CONFIG, Abstract("Iterable", INT)),
    # values of libraries
    *((DATE, DATE), (DATETIME, DATE), (DATE, DATETIME), (COUNTER, Dict(STR, INT))),
    *((COUNTER, mapping(STR, INT)), (mapping(STR, INT), COUNTER), (NUMPY, FLOAT), (FLOAT, NUMPY)),
    *((NUMPY, Value("numpy.float32")), (NUMPY, Literal((1,))), (FOREIGN, DATE)),
    # artifacts
    *((PATH, PATH), (PATH, PURE_PATH), (PURE_PATH, PATH), (CHILD, BASE), (BASE, CHILD)),
    *((GRANDCHILD, BASE), (BASE, GRANDCHILD), (USER_ID, STR), (MODEL, FOREIGN), (FOREIGN, MODEL)),
    *((FOREIGN, INT), (INT, FOREIGN), (FOREIGN, FRAME), (PATH, FOREIGN), (FOREIGN, BASE)),
    *((MODEL, FRAME), (MODEL, STR), (FOREIGN, CONFIG), (Artifact("m:D", (Dict(STR, INT),)), WIDE)),
]

MISFIT = [
    *(
        (INT, STR),
        (STR, INT),
        (NONE, INT),
        (INT, NONE),
        (FLOAT, INT),
        (INT, BOOL),
        (COMPLEX, FLOAT),
    ),
    *((union(INT, NONE), STR), (FLOAT, union(INT, STR)), (union(INT, STR), union(NONE, BOOL))),
    *((Literal(("a",)), INT), (Literal(("a",)), Literal(("b",))), (INT, Literal(("a",)))),
    *((Literal((1,)), Literal((True,))), (BOOL, Literal((1,))), (INT, Literal((True,)))),
    *(
        (List(INT), List(STR)),
        (List(INT), TupleOf(INT)),
        (TupleOf(INT), List(INT)),
        (INT, List(INT)),
    ),
    *((List(INT), Set(INT)), (Set(INT), FrozenSet(INT)), (List(INT), INT), (STR, List(STR))),
    *(
        (Dict(STR, INT), Dict(STR, STR)),
        (Dict(STR, INT), Dict(INT, INT)),
        (Dict(STR, INT), List(STR)),
    ),
    *((Tuple((INT, INT)), Tuple((INT,))), (Tuple((INT, STR)), Tuple((INT, INT)))),
    *((Tuple((INT, STR)), TupleOf(INT)), (TupleOf(STR), Tuple((STR, INT)))),
    *((INT, sequence(INT)), (STR, sequence(INT)), (Dict(STR, INT), sequence(STR))),
    *(
        (Set(INT), sequence(INT)),
        (Tuple((INT, STR)), sequence(INT)),
        (List(INT), mapping(INT, INT)),
    ),
    *((Dict(STR, INT), mapping(STR, STR)), (sequence(INT), Dict(INT, INT)), (sequence(INT), STR)),
    *((Abstract("Iterator", INT), List(INT)), (Abstract("KeysView", STR), List(STR))),
    *(
        (sequence(INT), mapping(INT, INT)),
        (NONE, Abstract("Sized")),
        (Value("range"), sequence(STR)),
    ),
    *((COLOUR, STR), (STR, COLOUR), (INT, LEVEL), (STR, NAMED), (COLOUR, NAMED), (COLOUR, POINT)),
    *((POINT, Tuple((INT,))), (POINT, List(INT)), (Tuple((INT, FLOAT)), POINT), (POINT, CONFIG)),
    *((CONFIG, STR), (Dict(STR, FLOAT), CONFIG), (CONFIG, PATH), (LIMITS, WIDE), (LIMITS, CONFIG)),
    *(
        (LIMITS, Dict(STR, STR)),
        (LIMITS, List(STR)),
        (Dict(STR, STR), LIMITS),
        (Dict(INT, INT), LIMITS),
    ),
    *((DATE, STR), (STR, DATE), (DATE, Value("uuid.UUID")), (Dict(STR, INT), COUNTER)),
    *((Value("decimal.Decimal"), FLOAT), (NUMPY, List(FLOAT)), (COUNTER, Dict(INT, INT))),
    *(
        (PATH, STR),
        (STR, PATH),
        (PATH, BYTES),
        (PATH, sequence(PATH)),
        (FRAME, PATH),
        (PATH, List(PATH)),
        (FRAME, INT),
    ),
    *((BASE, OTHER), (CHILD, OTHER), (BASE, STR), (BASE, PATH), (MODEL, BASE), (USER_ID, INT)),
    *((STR, USER_ID), (BASE, COLOUR), (PATH, BASE), (NONE, BASE), (sequence(STR), PATH)),
]


def pair(given_and_wanted: object) -> str | None:
    if isinstance(given_and_wanted, tuple):
        return " into ".join(map(show, given_and_wanted))
    return None


@pytest.mark.parametrize("types", FIT, ids=pair)
def test_fits(types: tuple[Type, Type]) -> None:
    assert fits(*types)


@pytest.mark.parametrize("types", MISFIT, ids=pair)
def test_does_not_fit(types: tuple[Type, Type]) -> None:
    assert not fits(*types)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_what_two_types_share_fits(data: st.DataObject) -> None:
    value = data.draw(values(smallest=1))
    one = data.draw(types_of(value, wanted=False))
    other = data.draw(types_of(value))
    assert fits(one, other), f"{value!r} is {show(one)} and {show(other)}"


# --- how values travel ---------------------------------------------------------------------------

TRAVEL: list[tuple[Type, str]] = [
    *((one, "parameter, steers") for one in (BOOL, INT, FLOAT, COMPLEX, STR, NONE, COLOUR, DATE)),
    *((one, "parameter, steers") for one in (Literal(("a",)), union(INT, NONE), POINT, LIMITS)),
    *((one, "parameter, steers") for one in (List(INT), Dict(STR, Tuple((INT, STR))), Set(INT))),
    *((one, "parameter, steers") for one in (sequence(INT), COUNTER, TupleOf(POINT), NUMPY)),
    *((one, "artifact") for one in (PATH, FRAME, BYTES, FOREIGN, BASE, union(PATH, NONE), USER_ID)),
    *((one, "artifact, steers") for one in (List(PATH), Dict(STR, FRAME), CONFIG, Tuple((PATH,)))),
    *((one, "steers") for one in (UNKNOWN, List(UNKNOWN), Dict(STR, UNKNOWN))),
    (UNANNOTATED, "artifact"),
    (List(UNANNOTATED), "artifact, steers"),
]


@pytest.mark.parametrize(
    ("of", "travels"), TRAVEL, ids=lambda x: x if isinstance(x, str) else show(x)
)
def test_how_values_travel(of: Type, travels: str) -> None:
    asked = {"parameter": is_parameter, "artifact": is_artifact, "steers": can_steer}
    assert ", ".join(name for name, question in asked.items() if question(of)) == travels


# --- putting together and taking apart -----------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "shown"),
    [
        (merge([]), "Any"),
        (merge([INT, INT]), "int"),
        (merge([NONE, INT, STR, NONE]), "int | str | None"),
        (merge([union(INT, STR), union(STR, FLOAT)]), "int | str | float"),
        (merge([INT, UNKNOWN]), "Any"),
        (merge([Literal(("a",)), INT, Literal(("b", "a"))]), "Literal['a', 'b'] | int"),
        (merge([Literal((1,)), Literal((True,))]), "Literal[1, True]"),
        (merge([Literal(("a", 1)), STR]), "Literal[1] | str"),
        (merge([CHILD, Artifact("m:Child"), OTHER]), "Child | Other"),
        (merge([BOOL, INT, FLOAT]), "bool | int | float"),
        (List(UNKNOWN), "list"),
        (Dict(STR, union(INT, NONE)), "dict[str, int | None]"),
        (Tuple(()), "tuple[()]"),
        (Tuple((INT, UNKNOWN)), "tuple[int, Any]"),
        (TupleOf(INT), "tuple[int, ...]"),
        (TupleOf(UNKNOWN), "tuple"),
        (FrozenSet(STR), "frozenset[str]"),
        (COUNTER, "Counter[str]"),
        (DATE, "date"),
        (mapping(STR, INT), "Mapping[str, int]"),
        (Abstract("Iterable"), "Iterable"),
        (PATH, "Path"),
        (Artifact("m.n:Outer.Inner"), "Outer.Inner"),
        (COLOUR, "Colour"),
        (CONFIG, "Config"),
    ],
)
def test_merged_and_shown(of: Type, shown: str) -> None:
    assert show(of) == shown


def test_unannotated_is_not_lost_in_a_union() -> None:
    assert merge([INT, UNKNOWN, UNANNOTATED]) == UNANNOTATED


def test_a_type_that_grows_without_end_becomes_unknown() -> None:
    wide: Type = INT
    for _ in range(40):
        wide = bounded(Tuple((wide, wide)))
    assert 40 < len(show(wide)) < 10_000
    deep: object = []
    for _ in range(100_000):
        deep = [deep]
    assert type_of_value(deep) == UNKNOWN


@pytest.mark.parametrize(
    ("of", "gives"),
    [
        (List(INT), INT),
        (Dict(STR, INT), STR),
        (STR, STR),
        (Literal(("ab",)), STR),
        (Tuple((INT, STR)), union(INT, STR)),
        (Tuple(()), UNKNOWN),
        (Value("range"), INT),
        (COUNTER, STR),
        (POINT, union(INT, FLOAT)),
        (LIMITS, STR),
        (mapping(STR, INT), STR),
        (union(List(INT), NONE), INT),
        (PATH, UNKNOWN),
        (UNKNOWN, UNKNOWN),
        (INT, None),
        (NONE, None),
        (union(INT, NONE), None),
    ],
)
def test_element(of: Type, gives: Type | None) -> None:
    assert element(of) == gives


@pytest.mark.parametrize(
    ("of", "index", "gives"),
    [
        (Tuple((INT, STR)), 1, STR),
        (Tuple((INT, STR)), -2, INT),
        (Tuple((INT, STR)), 2, None),
        (Tuple((INT, STR)), "a", None),
        (List(INT), 7, INT),
        (List(INT), "a", None),
        (STR, 0, STR),
        (Dict(STR, INT), "a", INT),
        (COUNTER, "a", INT),
        (POINT, 0, INT),
        (POINT, 2, None),
        (LIMITS, "name", STR),
        (LIMITS, "nmae", None),
        (mapping(STR, INT), "a", INT),
        (sequence(STR), 0, STR),
        (union(Tuple((INT,)), Tuple((STR, STR))), 1, STR),
        (Set(INT), 0, None),
        (INT, 0, None),
        (CONFIG, 0, UNKNOWN),
        (FRAME, "column", UNKNOWN),
    ],
)
def test_item(of: Type, index: object, gives: Type | None) -> None:
    assert item(of, index) == gives


@pytest.mark.parametrize(
    ("of", "name", "gives"),
    [
        (CONFIG, "lr", FLOAT),
        (CONFIG, "rl", None),
        (SMALL, "total", UNKNOWN),
        (POINT, "y", FLOAT),
        (Record("dataclass", "m:Open", (), open=True), "a", UNKNOWN),
        (union(CONFIG, NONE), "lr", FLOAT),
        (LIMITS, "low", None),
        (COLOUR, "value", STR),
        (COLOUR, "name", UNKNOWN),
        (INT, "real", INT),
        (FLOAT, "imag", FLOAT),
        (DATETIME, "hour", INT),
        (PATH, "stem", STR),
        (FRAME, "columns", UNKNOWN),
        (UNKNOWN, "a", UNKNOWN),
        (STR, "a", None),
        (NONE, "a", None),
    ],
)
def test_field(of: Type, name: str, gives: Type | None) -> None:
    assert field(of, name) == gives


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "None"),
        (True, "bool"),
        (2**70, "int"),
        (-0.0, "float"),
        ("a", "str"),
        ([], "list"),
        ([1, True, 2.0], "list[int | bool | float]"),
        ((1, "a", ()), "tuple[int, str, tuple[()]]"),
        ({"a": [1], "b": None}, "dict[str, list[int] | None]"),
        (object(), "Any"),
    ],
)
def test_type_of_value(value: object, shown: str) -> None:
    assert show(type_of_value(value)) == shown


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_values_keep_their_types(data: st.DataObject) -> None:
    value = data.draw(values())
    of = data.draw(types_of(value))
    assert holds(value, of)
    assert holds(value, merge([of, data.draw(types_of(data.draw(values())))]))
    for part in value if isinstance(value, list | tuple | dict | set) else ():
        assert holds(part, element(of) or NONE)


def test_literals_are_told_apart_by_class() -> None:
    assert Literal((1,)) != Literal((True,))
    assert len({Literal((1,)), Literal((True,)), Literal((1,))}) == 2
    assert isinstance(merge([INT, STR]), Union)
