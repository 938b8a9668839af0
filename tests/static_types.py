"""Which values a static type promises, told by Python itself; random values with their types."""

import collections
import collections.abc
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

from hypothesis import strategies as st

from headrace.compiler.frontend import types
from headrace.compiler.frontend.types import FLOAT, INT, STR, UNKNOWN, Field, Type, merge


class Point(NamedTuple):
    x: int
    label: str


@dataclass(frozen=True)
class Setting:
    rate: float
    names: list[str]


class Row(TypedDict, total=False):
    count: int
    text: str


NAMES = types.List(STR)
POINT = types.Record("namedtuple", "m:Point", (Field("x", INT), Field("label", STR)))
SETTING = types.Record("dataclass", "m:Setting", (Field("rate", FLOAT), Field("names", NAMES)))
ROW = types.Record("typeddict", "m:Row", (Field("count", INT, True), Field("text", STR, True)))

_SCALARS: dict[type, tuple[type, ...]] = {
    types.NoneType: (type(None),),
    types.Bool: (bool,),
    types.Int: (int,),
    types.Float: (float, int),
    types.Complex: (complex, float, int),
    types.Str: (str,),
}
_COLLECTIONS: dict[type, type] = {
    types.List: list,
    types.Set: set,
    types.FrozenSet: frozenset,
    types.TupleOf: tuple,
}


def holds(value: Any, of: Type) -> bool:
    """Whether `value` is what the type `of` promises."""
    match of:
        case types.Unknown():
            return True
        case types.Union(members=members):
            return any(holds(value, member) for member in members)
        case types.Literal(values=values):
            return any(type(value) is type(one) and value == one for one in values)
        case types.Dict(key=key, value=item):
            return isinstance(value, dict) and _holds_items(value, key, item)
        case types.Tuple(items=items):
            same = isinstance(value, tuple) and len(value) == len(items)
            return same and all(map(holds, value, items))
        case types.List() | types.Set() | types.FrozenSet() | types.TupleOf():
            right = isinstance(value, _COLLECTIONS[type(of)])
            return right and all(holds(one, of.element) for one in value)
        case types.Value(name="range"):
            return isinstance(value, range)
        case types.Value(name="collections.Counter"):
            return isinstance(value, collections.Counter) and _holds_items(value, STR, INT)
        case types.Record():
            return _holds_record(value, of)
        case types.Abstract():
            return _holds_abstract(value, of)
    return isinstance(value, _SCALARS[type(of)])


def _holds_items(value: Any, key: Type, item: Type) -> bool:
    return all(holds(k, key) and holds(v, item) for k, v in value.items())


def _holds_record(value: Any, of: types.Record) -> bool:
    if of == ROW:
        there = {field.name: field.type for field in of.fields}
        right = isinstance(value, dict) and holds(list(value), NAMES)
        return right and all(holds(v, there.get(k, UNKNOWN)) for k, v in value.items())
    kind = {POINT: Point, SETTING: Setting}[of]
    fields = of.fields
    return isinstance(value, kind) and all(holds(getattr(value, f.name), f.type) for f in fields)


def _holds_abstract(value: Any, of: types.Abstract) -> bool:
    if not isinstance(value, getattr(collections.abc, of.name)):
        return False
    if of.value is not None:
        return _holds_items(value, of.element, of.value)
    return all(holds(element, of.element) for element in _elements(value))


def _elements(value: Any) -> Iterator[object]:
    """Yield the elements of `value`, up to where an iterator raises."""
    try:
        yield from value
    except (TypeError, ValueError):
        assert isinstance(value, collections.abc.Iterator)


# --- random values and their types ---------------------------------------------------------------

_texts = st.sampled_from(["", "a", "ab", "A1", "1", "x,y", "%s", "%d-%s", "{}", " b "])
_scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([0.0, 1.5, -2.0]), _texts
)
POINTS = st.builds(Point, st.integers(-3, 3), _texts)
SETTINGS = st.builds(Setting, st.sampled_from([0, 0.5]), st.lists(_texts, max_size=2))
ROWS = st.fixed_dictionaries({}, optional={"count": st.integers(-3, 3), "text": _texts})


def values(smallest: int = 0) -> st.SearchStrategy[object]:
    """Return small values; collections have at least `smallest` elements."""

    def collections_of(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
        sizes: dict[str, Any] = {"min_size": smallest, "max_size": 3}
        return st.one_of(
            st.lists(inner, **sizes),
            st.lists(inner, **sizes).map(tuple),
            st.dictionaries(st.one_of(_texts, st.integers(0, 2)), inner, **sizes),
            st.sets(st.integers(-3, 3), **sizes),
            st.frozensets(_texts, **sizes),
        )

    return st.recursive(st.one_of(_scalars, POINTS, SETTINGS, ROWS), collections_of, max_leaves=4)


def constants() -> st.SearchStrategy[object]:
    """Return what can be written as a constant in the source, of any depth."""

    def displays_of(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
        lists = st.lists(inner, max_size=3)
        return st.one_of(lists, lists.map(tuple), st.dictionaries(_texts, inner, max_size=3))

    return st.recursive(_scalars, displays_of, max_leaves=6)


@st.composite
def types_of(draw: st.DrawFn, value: Any, wanted: bool = True) -> Type:
    """Return one of the types that `value` has.

    With `wanted`, also the wider numbers that may stand for it, which is not how a value is given.
    """
    found = draw(_exact(value, wanted))
    match draw(st.integers(0, 9)):
        case 0:
            return UNKNOWN
        case 1:
            return merge([found, _one_of(draw, [types.NONE, INT, STR, NAMES])])
    return found


def _one_of(draw: st.DrawFn, choices: list[Type]) -> Type:
    return draw(st.sampled_from(choices))


@st.composite
def _exact(draw: st.DrawFn, value: Any, wanted: bool) -> Type:
    def inner(parts: Any) -> Type:
        return merge(draw(types_of(part, wanted)) for part in parts)

    if isinstance(value, bool | int | str):
        same = types.Literal((value,))
        numbers: dict[type, list[Type]] = {
            bool: [types.BOOL, INT, FLOAT],
            int: [INT, FLOAT, types.COMPLEX],
        }
        wider = numbers.get(type(value), [STR])[: None if wanted else 1]
        return _one_of(draw, [same, *wider, *wider])
    if isinstance(value, Point | Setting):
        return POINT if isinstance(value, Point) else SETTING
    if isinstance(value, dict):
        key, item = inner(value), inner(value.values())
        choices: list[Type] = [types.Dict(key, item), types.Abstract("Mapping", key, item)]
        choices += [types.Abstract("Collection", key)]
        return _one_of(draw, [*choices, ROW] if holds(value, ROW) else choices)
    if isinstance(value, tuple):
        parts = tuple(draw(types_of(part, wanted)) for part in value)
        abstract = types.Abstract("Sequence", merge(parts))
        return _one_of(draw, [types.Tuple(parts), types.TupleOf(merge(parts)), abstract])
    if isinstance(value, list):
        of = inner(value)
        return _one_of(draw, [types.List(of), types.Abstract("Iterable", of)])
    if isinstance(value, set):
        return types.Set(inner(value))
    if isinstance(value, frozenset):
        return types.FrozenSet(inner(value))
    return types.type_of_value(value)
