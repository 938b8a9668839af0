"""Diagnostics as texts: for people, for machines, for GitHub's annotations.

SARIF has a module of its own.
"""

import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from headrace.compiler.diagnostics import Diagnostic, Severity
from headrace.compiler.source import COMMAND_LINE, SourceFile, Span

Sources = Mapping[str, SourceFile]
"""Source files by the path that a span has."""

_WIDEST = 160
"""How many characters of a source line are shown."""
_CUT = "..."
_COLOURS = {Severity.ERROR: "\033[1;31m", Severity.WARNING: "\033[1;33m"}
_BLUE, _BOLD, _PLAIN = "\033[1;34m", "\033[1m", "\033[0m"


def as_text(
    diagnostics: Iterable[Diagnostic],
    sources: Sources,
    *,
    colour: bool = False,
    encoding: str = "utf-8",
    shown: Callable[[str], str] = str,
) -> str:
    """Return `diagnostics` with their source lines, each followed by an empty line.

    What `encoding` does not have is escaped, and carets stand where they should all the same.
    `shown` gives the path to print for a span's path.
    """
    text = _Text(sources, shown, colour, encoding)
    return "".join("\n".join(text.block(diagnostic)) + "\n\n" for diagnostic in diagnostics)


def as_json(diagnostics: Iterable[Diagnostic], shown: Callable[[str], str] = str) -> str:
    """Return `diagnostics` as a JSON array, one object for each."""

    def place(span: Span | None) -> dict[str, object]:
        return msgspec.structs.asdict(span) | {"path": shown(span.path)} if span else {}

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

    An annotation has one place; the others are told in its text.
    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
    """
    lines = []
    for diagnostic in diagnostics:
        span = diagnostic.span
        properties: dict[str, object] = {"title": diagnostic.code}
        parts = [diagnostic.message]
        if span and span.path == COMMAND_LINE:
            parts.append(f"at {where(span)}")
        elif span:
            properties |= {"file": shown(span.path), "line": span.line, "col": span.column}
            if span.end_line:
                properties |= {"endLine": span.end_line, "endColumn": span.end_column}
        parts += (f"{where(r.span, shown)}: {r.message}" for r in diagnostic.related)
        if diagnostic.hint:
            parts.append(f"help: {diagnostic.hint}")
        written = ",".join(f"{k}={_escaped(str(v), ':,')}" for k, v in properties.items())
        lines.append(f"::{diagnostic.severity.value} {written}::{_escaped(chr(10).join(parts))}\n")
    return "".join(lines)


def where(span: Span, shown: Callable[[str], str] = str) -> str:
    """Return the start of `span` as `path:line:column`, which editors and terminals open."""
    return f"{shown(span.path)}:{span.line}:{span.column}"


def _escaped(text: str, also: str = "") -> str:
    """Return `text` as GitHub's commands want it; the percent sign must be first."""
    for character in "%\r\n" + also:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


# --- text ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Mark:
    """A place to show, what to say there, and how to underline it."""

    span: Span
    label: str
    sign: str
    tint: str


@dataclass(frozen=True)
class _Excerpt:
    """A source line from character `cut` on, and the line of signs below it."""

    cut: int
    text: str
    signs: str


@dataclass(frozen=True)
class _Text:
    """How diagnostics are shown to a person."""

    sources: Sources
    shown: Callable[[str], str]
    colour: bool
    encoding: str

    def block(self, diagnostic: Diagnostic) -> Iterator[str]:
        """Yield the lines of `diagnostic`."""
        tint = _COLOURS[diagnostic.severity]
        heading = self._tinted(f"{diagnostic.severity.value}[{diagnostic.code}]", tint)
        yield heading + self._tinted(f": {self._visible(diagnostic.message)}", _BOLD)
        span = diagnostic.span
        marks = [_Mark(span, diagnostic.label, "^", tint)] if span else []
        marks += [_Mark(r.span, r.message, "-", _BLUE) for r in diagnostic.related]
        width = max((len(str(mark.span.line)) for mark in marks), default=1)
        margin = self._tinted(" " * width + " |", _BLUE)
        by_path: dict[str, list[_Mark]] = {}
        for mark in marks:
            by_path.setdefault(mark.span.path, []).append(mark)
        for number, (path, there) in enumerate(by_path.items()):
            if number:
                yield margin
            arrow = "-->" if span and span.path == path else ":::"
            yield from self._places(there, arrow, width, margin)
        if diagnostic.hint:
            if marks:
                yield margin
            yield from self._hint(diagnostic.hint, width)

    def _hint(self, hint: str, width: int) -> Iterator[str]:
        first, *others = hint.split("\n")
        sign = self._tinted(" " * width + " =", _BLUE)
        yield f"{sign} {self._tinted('help:', _BOLD)} {self._visible(first)}"
        for line in others:
            yield f"{' ' * width}         {self._visible(line)}".rstrip()

    def _places(self, marks: list[_Mark], arrow: str, width: int, margin: str) -> Iterator[str]:
        """Yield the lines for `marks`, which are in one file: its excerpts in their order."""
        excerpts = [(mark, excerpt) for mark in marks if (excerpt := self._excerpt(mark))]
        bare = [mark for mark in marks if mark not in [mark for mark, _ in excerpts]]
        for mark in dict.fromkeys((marks[0], *bare)):
            label = f": {self._visible(mark.label)}" if mark in bare and mark.label else ""
            place = self._visible(where(mark.span, self.shown))
            yield self._tinted(" " * width + arrow, _BLUE) + f" {place}{label}"
            arrow = ":::"
        if excerpts:
            yield margin
        before: tuple[int, int] | None = None
        for mark, excerpt in sorted(excerpts, key=lambda e: (e[0].span.line, e[0].span.column)):
            line = mark.span.line
            if before != (line, excerpt.cut):
                if before:
                    yield from self._between(before[0], line, mark.span.path, width)
                yield self._numbered(line, excerpt.text, width)
                before = line, excerpt.cut
            label = f"{excerpt.signs} {self._visible(mark.label)}".rstrip()
            indent = len(label) - len(label.lstrip())
            yield f"{margin} {label[:indent]}{self._tinted(label[indent:], mark.tint)}"

    def _between(self, line: int, next_line: int, path: str, width: int) -> Iterator[str]:
        """Yield what stands for the lines between two that are shown: a single one itself."""
        if next_line - line == 2:
            between = self.sources[path].line(line + 1)
            yield self._numbered(line + 1, self._cut_line(between, 0), width)
        elif next_line - line > 2:
            yield self._tinted(_CUT, _BLUE)

    def _numbered(self, line: int, text: str, width: int) -> str:
        return f"{self._tinted(f'{line:>{width}} |', _BLUE)} {text}".rstrip()

    def _excerpt(self, mark: _Mark) -> _Excerpt | None:
        """Return the first line of what `mark` covers, with signs under it; None for no text."""
        span = mark.span
        source = self.sources.get(span.path)
        line = source.line(span.line) if source else ""
        if not line.strip():
            return None
        start = min(span.column - 1, len(line))
        end = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
        end = max(start + 1, min(end, len(line)) if span.end_line else start + 1)
        cut = max(0, start - _WIDEST // 2) if len(line) > _WIDEST else 0
        before = (_CUT if cut else "") + self._visible(line[cut:start])
        under = self._visible(line[start : min(end, cut + _WIDEST)])
        goes_on = _CUT if span.end_line > span.line else ""
        signs = mark.sign * max(1, _columns(under)) + goes_on
        return _Excerpt(cut, self._cut_line(line, cut), " " * _columns(before) + signs)

    def _cut_line(self, line: str, cut: int) -> str:
        text = self._visible(line[cut : cut + _WIDEST])
        return (_CUT if cut else "") + text + (_CUT if len(line) > cut + _WIDEST else "")

    def _visible(self, text: str) -> str:
        """Return `text` without what moves a cursor, changes colours or cannot be encoded."""
        if text.isascii() and text.isprintable():
            return text
        return "".join(map(self._visible_character, text))

    def _visible_character(self, character: str) -> str:
        if character == "\t":
            return "    "
        if not character.isprintable() and character != "\u00a0":
            return "\N{REPLACEMENT CHARACTER}".encode(self.encoding, "replace").decode(
                self.encoding
            )
        return character.encode(self.encoding, "backslashreplace").decode(self.encoding)

    def _tinted(self, text: str, tint: str) -> str:
        return f"{tint}{text}{_PLAIN}" if self.colour and text else text


def _columns(text: str) -> int:
    """Return how many columns of a terminal `text` takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
