"""The places of keys and values, checked against what `tomllib` reads."""

import tomllib
from collections.abc import Iterator

import pytest

from headrace.compiler.toml_places import Place, TomlPath, TomlPlaces

DOCUMENTS = {
    "tables": "a = 1 # one\n[b.c] # two\nd = 'x' \n[ b . 'e f' ]\ng = true\n[b]\nh = 2024-01-02\n",
    "dotted keys": 'a.b.c = 1\na.b.d = 2\n"a b".\'c\'."\\u0064" = 3\n',
    "inline tables": "a = { b = 1, c = { d = 'x }', e = [1, { f = 2 }] } }\nb = {}\n",
    "arrays": "a = [\n  1, # one ]\n  'x, y',\n\n  [ 2, 3 ],\n]\nb = []\nc = [ 1,2 , ]\n",
    "arrays of tables": "[[a]]\nb=1\n[a.c]\nd=2\n[[a]]\nb=3\n[[a.e]]\nf=4\n[[a.e]]\nf=5\n",
    "long texts": "a = '''\nx ''y'' = 1\n'''\nb = \"\"\"\n[c]\\\"\"\"\"\n",
    "short texts": "d = \"\\\"#\"\ne = ''\nf = ''''x'''''\n",
    "no newline at the end": "a = 0x1F",
    "numbers": "a = -1_000\nb = +1e3\nc = 1979-05-27 07:32:00Z\nd = nan\n",
}


def leaves(value: object, path: TomlPath = ()) -> Iterator[tuple[TomlPath, object]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path, value


def cut(text: str, place: Place | None) -> str:
    assert place is not None
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    start = starts[place.line - 1] + place.column - 1
    return text[start : starts[place.end_line - 1] + place.end_column - 1]


@pytest.mark.parametrize("text", DOCUMENTS.values(), ids=DOCUMENTS)
def test_every_value_is_found_where_it_stands(text: str) -> None:
    places = TomlPlaces(text)
    found = dict(leaves(tomllib.loads(text)))
    assert found
    for path, value in found.items():
        written = cut(text, places.value(path))
        assert repr(tomllib.loads(f"x = {written}")["x"]) == repr(value)
        names = [name for name in path if isinstance(name, str)]
        key = cut(text, places.key(path)) if isinstance(path[-1], str) else None
        assert key is None or list(tomllib.loads(f"{key} = 1")) == names[-1:]


def test_what_is_not_there_has_no_place() -> None:
    places = TomlPlaces("a.b = 1\n")
    assert places.key(("a", "c")) is None
    assert places.value(("b",)) is None
    assert places.key(("a",)) == Place(1, 1, 1, 2)
