import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from headrace.compiler.diagnostics import InternalError
from headrace.targets.yaml_writer import Lines, to_yaml

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=80), inner),
    max_leaves=12,
)


@given(documents)
def test_every_document_is_read_back_as_it_was(document: Any) -> None:
    text = to_yaml(document)
    assert text.isascii()
    assert yaml.safe_load(text) == document


@given(st.dictionaries(st.text(max_size=80), st.text() | st.integers()))
def test_a_list_of_one_mapping_is_read_back_from_one_line(entry: dict[str, Any]) -> None:
    document = {"parameters": [entry], "other": [entry]}
    assert yaml.safe_load(to_yaml(document, in_line={"parameters"})) == document


def test_a_short_list_of_one_mapping_stands_on_the_line_of_its_key() -> None:
    def written(value: Any) -> str:
        return to_yaml({"parameters": value, "env": [{"a": "b"}]}, in_line={"parameters"})

    one = [{"name": "a", "value": "{{x}}"}]
    assert written(one) == "parameters: [{name: a, value: '{{x}}'}]\nenv:\n- a: b\n"
    assert written([{"name": "a,b"}]).startswith("parameters: [{name: 'a,b'}]\n")
    others: list[Any] = [[*one, *one], [{"name": "a" * 100}], [{"name": 1}], [{}], [{"a": ["b"]}]]
    for other in others:
        assert not written(other).startswith("parameters: [{n")


LINES = st.text(st.sampled_from(" \n\t\r#:-|>'\"ab\u00e9\u2028\x85\ufeff\x00\U0001f600"))


@given(LINES | st.text())
def test_lines_that_people_read_are_read_back_as_they_were(text: str) -> None:
    document: Any = {"data": {"a": Lines(text), "b": [Lines(text)], "c": 1}}
    assert yaml.safe_load(to_yaml(document)) == document


def test_lines_in_any_script_stand_as_they_are() -> None:
    assert to_yaml({"a": Lines("# é  \n\n\tb\n")}) == "a: |\n  # é  \n\n  \tb\n"
    assert to_yaml({"a": Lines("b\n\n")}) == 'a: "b\\n\\n"\n'


WORDS = """
y N yes No on Off true TRUE false null Null ~ nan inf .inf -.inf .NaN 1 -1 +1 1.5 .5 1e3 0x1F 0o7
010 0b1 1_000 1:30 2020-01-01 2020-01-01T00:00:00Z = << - ? * & ! | > % @ `
"""
PHRASES = ["", " a", "a ", "a: b", "a #b", "a:", "# a", "- a", "[1]", '{"a": 1}', "0 3 * * *"]


# One text for each rule by which some reader of YAML could take it for something else.
@pytest.mark.parametrize("text", [*WORDS.split(), *PHRASES])
def test_a_text_that_a_reader_could_mistake_is_quoted(text: str) -> None:
    written = to_yaml({"key": text})
    assert written[5] in "'\"", written
    assert yaml.safe_load(written) == {"key": text}


PLAIN = """
--data={{inputs.parameters.data}} headrace-step /tmp/out ghcr.io/a/b:1.2 4Gi 500m 30s digits:train
Europe/Berlin
"""


@pytest.mark.parametrize("text", [*PLAIN.split(), "a.Succeeded && b.Succeeded"])
def test_a_text_that_nobody_mistakes_stands_plain(text: str) -> None:
    assert to_yaml({"key": text}) == f"key: {text}\n"


def test_quotes_are_chosen_so_that_little_is_escaped() -> None:
    assert to_yaml('{"a": 1}') == "'{\"a\": 1}'\n"
    assert to_yaml("{{=x == 'true'}}") == "\"{{=x == 'true'}}\"\n"


def test_lines_are_a_literal_block_and_never_wrapped() -> None:
    long = "word " * 200 + "end"
    text = to_yaml({"doc": "First line.\n\n  indented\nlast", "long": long, "list": [{"a": long}]})
    assert text.splitlines()[:5] == ["doc: |-", "  First line.", "", "    indented", "  last"]
    assert len(text.splitlines()) == 8
    assert yaml.safe_load(text)["long"] == long


def test_order_is_kept_and_nothing_is_aliased() -> None:
    shared = ["x"]
    assert to_yaml({"b": shared, "a": shared}) == "b:\n- x\na:\n- x\n"
    assert to_yaml({"a": 1}, {"a": 2}) == "a: 1\n---\na: 2\n"


@pytest.mark.parametrize("document", [{1: "a"}, {"a": object()}, {"a": {2: 3}}])
def test_what_is_no_document_is_refused(document: Any) -> None:
    with pytest.raises(InternalError):
        to_yaml(document)


def test_an_integer_of_any_size_and_json_texts_survive() -> None:
    text = json.dumps({"a": "{{x}} 'q' \\ \u007f é", "n": 12345678901234567890})
    assert yaml.safe_load(to_yaml([text, 12345678901234567890])) == [text, 12345678901234567890]
