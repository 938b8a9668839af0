"""The one writer of YAML: the same document always gives the same bytes, safe for any reader.

A text stands plain only when YAML 1.1, YAML 1.2 and the parsers of Go all read it as a text;
otherwise it is quoted. Keys keep the order of the document, and lines are never wrapped.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import yaml

from headrace.compiler.diagnostics import InternalError

Scalar: TypeAlias = str | int | float | bool | None
Document: TypeAlias = "Scalar | Mapping[str, Document] | Sequence[Document]"
"""What YAML files of engines are made of."""

_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
"""Lower-cased texts that some reader takes for a boolean, a null or a number."""

_PLAIN = re.compile(r"(?:[A-Za-z_/]|--[A-Za-z]|\.{1,2}/)[ -~]*")
_QUANTITY = re.compile(r"[1-9][0-9]*(?:m|s|h|[KMGT]i?)")
"""A number with a unit of Kubernetes or of Go, which no reader takes for a number."""


def to_yaml(document: Document, *more: Document) -> str:
    """Return the documents as one YAML text in ASCII, `---` between them.

    Raises:
        InternalError: a document holds something that is neither a scalar, a mapping with texts
            for keys, nor a sequence.
    """
    try:
        return str(
            yaml.dump_all(
                [document, *more],
                Dumper=_Dumper,
                default_flow_style=False,
                sort_keys=False,
                allow_unicode=False,
                width=-1,
            )
        )
    except yaml.representer.RepresenterError as error:
        raise InternalError(f"not a YAML document: {error}") from error


class _Dumper(yaml.CSafeDumper):
    """The safe dumper of libyaml with our choice of quotes, and without anchors."""

    def ignore_aliases(self, data: object) -> bool:
        """Write a value that stands in two places twice."""
        return True


def _is_plain(text: str) -> bool:
    if _QUANTITY.fullmatch(text):
        return True
    return (
        _PLAIN.fullmatch(text) is not None
        and text.casefold() not in _WORDS
        and text == text.strip(" ")
        and ": " not in text
        and " #" not in text
        and not text.endswith(":")
    )


def _is_block(text: str) -> bool:
    """Whether `text` is lines of printable ASCII that a literal block shows as they are."""
    lines = text.removesuffix("\n").split("\n")
    return (
        len(lines) > 1
        and not lines[0].startswith(" ")
        and lines[0] != ""
        and lines[-1] != ""
        and all(re.fullmatch(r"[ -~]*", line) and line == line.rstrip() for line in lines)
    )


def _style(text: str) -> str | None:
    if _is_plain(text):
        return None
    if _is_block(text):
        return "|"
    # Single quotes double the quotes inside; double quotes escape their own and backslashes.
    # The writer itself falls back to double quotes where single ones cannot hold the text.
    return '"' if text.count("'") > text.count('"') + text.count("\\") else "'"


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=_style(text))


def _represent_mapping(dumper: _Dumper, mapping: Mapping[str, object]) -> yaml.MappingNode:
    if wrong := [key for key in mapping if type(key) is not str]:
        raise yaml.representer.RepresenterError(f"key {wrong[0]!r} is not a text")
    return dumper.represent_mapping("tag:yaml.org,2002:map", mapping.items())


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(dict, _represent_mapping)
