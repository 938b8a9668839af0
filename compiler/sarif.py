"""Diagnostics as SARIF 2.1.0, the format in which analysis tools hand findings to one another.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html;
section numbers below are those of that text. The log holds no time, version or path of a machine,
so that the same findings give the same bytes (its appendix F).
"""

import json
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from headrace.compiler.codes import CODES, explanation
from headrace.compiler.diagnostics import Diagnostic, Severity
from headrace.compiler.render import where
from headrace.compiler.source import COMMAND_LINE, Span

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "%SRCROOT%"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning"}

_Object = dict[str, Any]


def as_sarif(
    diagnostics: Iterable[Diagnostic], main: str, shown: Callable[[str], str] = str
) -> str:
    """Return `diagnostics` as a SARIF log with one run.

    `main` is the path of the compiled module: there stands what has no place in any file, since
    GitHub takes no result without one. `shown` gives the path of a file for a span's path. A path
    that is relative is meant from the folder where headrace was started, which whoever reads the
    log knows as `%SRCROOT%`.
    """
    found = list(diagnostics)
    codes = [code for code in CODES if any(diagnostic.code == code for diagnostic in found)]
    artifacts = _Artifacts(main, shown)
    results = [_result(diagnostic, codes, artifacts) for diagnostic in found]
    run = {
        "tool": {"driver": {"name": "headrace", "rules": [_rule(code) for code in codes]}},
        # How a span counts: characters, and lines as Python's tokenizer ends them.
        "columnKind": "unicodeCodePoints",
        "newlineSequences": ["\r\n", "\n", "\r"],
        "originalUriBaseIds": {
            _ROOT: {"description": {"text": "The folder in which headrace was started."}}
        },
        "artifacts": artifacts.objects(),
        "results": results,
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(code: str) -> _Object:
    """Return what `codes.py` and the code's page say, as a reportingDescriptor (3.49)."""
    meaning, page = CODES[code], explanation(code)
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in re.findall(r"\w+", meaning.title)),
        "shortDescription": {"text": f"{meaning.title[0].upper()}{meaning.title[1:]}."},
        "fullDescription": {"text": _first_paragraph(page)},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": _LEVELS[meaning.severity]},
    }


def _first_paragraph(page: str) -> str:
    """Return the first prose of an explanation: what stands between the example and the way out."""
    prose = re.sub(r"^```.*?^```$", "", page, flags=re.DOTALL | re.MULTILINE)
    paragraphs = (" ".join(paragraph.split()) for paragraph in prose.split("\n\n"))
    return next(paragraph for paragraph in paragraphs if paragraph and paragraph[0] != "#")


def _result(diagnostic: Diagnostic, codes: list[str], artifacts: "_Artifacts") -> _Object:
    text, span = diagnostic.message, diagnostic.span
    if span and span.path == COMMAND_LINE:
        text += f"\nat {where(span)}"
        span = None
    if diagnostic.hint:
        text += f"\nhelp: {diagnostic.hint}"
    result: _Object = {
        "ruleId": diagnostic.code,
        "ruleIndex": codes.index(diagnostic.code),
        "level": _LEVELS[diagnostic.severity],
        "message": _message(text),
        "locations": [_location(span, diagnostic.label, artifacts)],
    }
    related = [_location(r.span, r.message, artifacts) for r in diagnostic.related]
    return result | ({"relatedLocations": related} if related else {})


def _location(span: Span | None, text: str, artifacts: "_Artifacts") -> _Object:
    region = {"startLine": span.line, "startColumn": span.column} if span else {"startLine": 1}
    if span and span.end_line:
        region |= {"endLine": span.end_line, "endColumn": span.end_column}
    place = {"artifactLocation": artifacts.location(span), "region": region}
    return {"physicalLocation": place} | ({"message": _message(text)} if text else {})


def _message(text: str) -> _Object:
    """Return `text` as a message; a single brace would begin a placeholder (3.11.5)."""
    return {"text": text.replace("{", "{{").replace("}", "}}")}


class _Artifacts:
    """The files that a log names, in the order in which it does."""

    def __init__(self, main: str, shown: Callable[[str], str]) -> None:
        self._main = main
        self._shown = shown
        self._paths: list[str] = []

    def location(self, span: Span | None) -> _Object:
        """Return the artifactLocation (3.4) of the file of `span`."""
        path = self._shown(span.path) if span else self._main
        if path not in self._paths:
            self._paths.append(path)
        return _address(path) | {"index": self._paths.index(path)}

    def objects(self) -> list[_Object]:
        """Return the artifacts (3.24) of all locations given so far."""
        return [
            {"location": _address(path)}
            | ({"sourceLanguage": "python"} if path.endswith(".py") else {})
            for path in self._paths
        ]


def _address(path: str) -> _Object:
    uri = quote(os.fsencode(Path(path).as_posix()))
    return {"uri": f"file://{uri}"} if os.path.isabs(path) else {"uri": uri, "uriBaseId": _ROOT}
