"""Diagnostics as texts: for people, for machines, for GitHub's annotations."""

import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping

from headrace.compiler.diagnostics import Diagnostic, Severity
from headrace.compiler.source import SourceFile, Span

Sources = Mapping[str, SourceFile]
"""Source files by the path that a span has."""

_WIDEST = 160
_COLOURS = {Severity.ERROR: "\033[1;31m", Severity.WARNING: "\033[1;33m"}
_BLUE, _BOLD, _PLAIN = "\033[1;34m", "\033[1m", "\033[0m"


def as_text(
    diagnostics: Iterable[Diagnostic],
    sources: Sources,
    *,
    colour: bool = False,
    shown: Callable[[str], str] = str,
) -> str:
    """Return `diagnostics` with their source lines, each followed by an empty line.

    `shown` gives the path to print for a span's path.
    """
    blocks = (_block(diagnostic, sources, shown, colour) for diagnostic in diagnostics)
    return "".join(f"{block}\n\n" for block in blocks)


def as_json(diagnostics: Iterable[Diagnostic], shown: Callable[[str], str] = str) -> str:
    """Return `diagnostics` as a JSON array, one object for each."""

    def place(span: Span | None) -> dict[str, object]:
        return span.model_dump() | {"path": shown(span.path)} if span else {}

    objects = [
        {
            "code": diagnostic.code,
            "severity": diagnostic.severity.value,
            "message": diagnostic.message,
            "label": diagnostic.label,
            "hint": diagnostic.hint,
            **place(diagnostic.span),
            "related": [{"message": r.message, **place(r.span)} for r in diagnostic.related],
        }
        for diagnostic in diagnostics
    ]
    return json.dumps(objects, indent=2) + "\n"


def as_github(diagnostics: Iterable[Diagnostic], shown: Callable[[str], str] = str) -> str:
    """Return `diagnostics` as GitHub's workflow commands, one line for each.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
    """
    lines = []
    for diagnostic in diagnostics:
        span = diagnostic.span
        properties: dict[str, object] = {"title": diagnostic.code}
        if span:
            properties |= {"file": shown(span.path), "line": span.line, "col": span.column}
            if span.end_line:
                properties |= {"endLine": span.end_line, "endColumn": span.end_column}
        parts = (diagnostic.message, diagnostic.hint and f"help: {diagnostic.hint}")
        written = ",".join(f"{k}={_escaped(str(v), ':,')}" for k, v in properties.items())
        message = _escaped("\n".join(filter(None, parts)))
        lines.append(f"::{diagnostic.severity.value} {written}::{message}\n")
    return "".join(lines)


def _escaped(text: str, also: str = "") -> str:
    """Return `text` as GitHub's commands want it; the percent sign must be first."""
    for character in "%\r\n" + also:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _block(
    diagnostic: Diagnostic, sources: Sources, shown: Callable[[str], str], colour: bool
) -> str:
    tint = _COLOURS[diagnostic.severity]
    heading = _tinted(f"{diagnostic.severity.value}[{diagnostic.code}]", tint, colour)
    lines = [heading + _tinted(f": {_visible(diagnostic.message)}", _BOLD, colour)]
    spans = [span for span in (diagnostic.span, *(r.span for r in diagnostic.related)) if span]
    width = max((len(str(span.line)) for span in spans), default=1)
    margin = _tinted(" " * width + " |", _BLUE, colour)
    places = [(diagnostic.span, diagnostic.label, tint, "-->")] if diagnostic.span else []
    places += [(r.span, r.message, _BLUE, ":::") for r in diagnostic.related]
    for span, label, marks, arrow in places:
        where = f"{shown(span.path)}:{span.line}:{span.column}"
        lines.append(_tinted(" " * width + arrow, _BLUE, colour) + f" {where}")
        excerpt = _excerpt(span, sources)
        if excerpt is not None:
            text, caret = excerpt
            number = _tinted(f"{span.line:>{width}} |", _BLUE, colour)
            caret = _tinted(f"{caret} {_visible(label)}".rstrip(), marks, colour)
            lines += [margin, f"{number} {text}".rstrip(), f"{margin} {caret}"]
    if diagnostic.hint:
        gap = f"{margin}\n" if diagnostic.span else ""
        sign = _tinted(" " * width + " =", _BLUE, colour)
        lines.append(f"{gap}{sign} {_tinted('help:', _BOLD, colour)} {_visible(diagnostic.hint)}")
    return "\n".join(lines)


def _excerpt(span: Span, sources: Sources) -> tuple[str, str] | None:
    """Return the first line of `span`, and carets under the part of it that `span` covers."""
    source = sources.get(span.path)
    if source is None or not source.line(span.line).strip():
        return None
    line = source.line(span.line)
    start = min(span.column - 1, len(line))
    end = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
    end = max(start + 1, min(end, len(line)) if span.end_line else start + 1)
    cut = max(0, start - _WIDEST // 2) if len(line) > _WIDEST else 0
    before, under = _visible(line[cut:start]), _visible(line[start:end])[:_WIDEST]
    text = _visible(line[cut : cut + _WIDEST])
    return text, " " * _columns(before) + "^" * max(1, _columns(under))


def _visible(text: str) -> str:
    """Return `text` without what would move a terminal's cursor or change its colours."""
    return "".join(
        "    "
        if c == "\t"
        else c
        if c.isprintable() or c == "\u00a0"
        else "\N{REPLACEMENT CHARACTER}"
        for c in text
    )


def _columns(text: str) -> int:
    """Return how many columns of a terminal `text` takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _tinted(text: str, tint: str, colour: bool) -> str:
    return f"{tint}{text}{_PLAIN}" if colour else text
