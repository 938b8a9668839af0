"""Diagnostics as people, machines and GitHub read them."""

import json
from pathlib import Path

from headrace.compiler import render
from headrace.compiler.diagnostics import Diagnostic, Related, Severity
from headrace.compiler.source import SourceFile, Span


def source(text: str) -> dict[str, SourceFile]:
    return {"p.py": SourceFile(Path("p.py"), "p.py", text)}


def finding(span: Span | None, **others: object) -> Diagnostic:
    values = {"code": "HR201", "message": "unknown name `b`", "span": span} | others
    return Diagnostic.model_validate(values)


def marked(text: str, span: Span) -> list[str]:
    """Return the source line and the line of carets below it."""
    lines = render.as_text([finding(span)], source(text)).splitlines()
    return lines[3:5]


def test_a_whole_diagnostic() -> None:
    span = Span(path="p.py", line=11, column=5, end_line=11, end_column=8)
    related = Related(span=Span(path="p.py", line=2), message="bound here")
    diagnostic = finding(span, label="not bound", hint="bind it", related=(related,))
    text = "\n" * 1 + "x = 1" + "\n" * 9 + "y = bcd + 1\n"
    assert render.as_text([diagnostic], source(text), shown="src/{}".format) == (
        "error[HR201]: unknown name `b`\n"
        "  --> src/p.py:11:5\n"
        "   |\n"
        "11 | y = bcd + 1\n"
        "   |     ^^^ not bound\n"
        "  ::: src/p.py:2:1\n"
        "   |\n"
        " 2 | x = 1\n"
        "   | ^ bound here\n"
        "   |\n"
        "   = help: bind it\n\n"
    )


def test_a_warning_without_a_place() -> None:
    diagnostic = finding(None, severity=Severity.WARNING, hint="set one")
    assert render.as_text([diagnostic], {}) == (
        "warning[HR201]: unknown name `b`\n  = help: set one\n\n"
    )


def test_carets_stand_under_what_they_mean() -> None:
    tabs = marked("\t\tf(b)", Span(path="p.py", line=1, column=5, end_line=1, end_column=6))
    assert tabs == ["1 |         f(b)", "  |           ^"]
    wide = marked("f('日本', b)", Span(path="p.py", line=1, column=9, end_line=1, end_column=10))
    assert wide == ["1 | f('日本', b)", "  |           ^"]
    over_lines = marked("f(a,\n  b)", Span(path="p.py", line=1, column=3, end_line=2, end_column=4))
    assert over_lines == ["1 | f(a,", "  |   ^^"]
    past_the_end = marked("f(", Span(path="p.py", line=1, column=9, end_line=1, end_column=20))
    assert past_the_end == ["1 | f(", "  |   ^"]


def test_a_long_line_is_cut_around_the_place() -> None:
    text = "x = [" + "1, " * 400 + "b]"
    at = text.index("b]") + 1
    line, carets = marked(text, Span(path="p.py", line=1, column=at, end_line=1, end_column=at + 1))
    assert len(line) < 200
    assert line[carets.index("^")] == "b"


def test_source_text_cannot_command_a_terminal() -> None:
    text = render.as_text(
        [finding(Span(path="p.py", line=1), hint="\x1b[2J")], source("a\x1b[31mred\x07")
    )
    assert not set(text) & {"\x1b", "\x07"}


def test_colour_only_where_asked_for() -> None:
    assert "\x1b" in render.as_text([finding(None)], {}, colour=True)
    assert "\x1b" not in render.as_text([finding(None)], {})


def test_json_holds_everything() -> None:
    span = Span(path="p.py", line=1, column=2, end_line=3, end_column=4)
    [written] = json.loads(render.as_json([finding(span, hint="h")], shown="src/{}".format))
    assert written == {
        "code": "HR201",
        "severity": "error",
        "message": "unknown name `b`",
        "label": "",
        "hint": "h",
        "path": "src/p.py",
        "line": 1,
        "column": 2,
        "end_line": 3,
        "end_column": 4,
        "related": [],
    }
    assert json.loads(render.as_json([])) == []


def test_github_annotations_are_escaped() -> None:
    span = Span(path="a,b:c.py", line=1, column=2, end_line=1, end_column=4)
    diagnostic = finding(span, message="100%\nwrong", hint="a: b", severity=Severity.WARNING)
    assert render.as_github([diagnostic]) == (
        "::warning title=HR201,file=a%2Cb%3Ac.py,line=1,col=2,endLine=1,endColumn=4"
        "::100%25%0Awrong%0Ahelp: a: b\n"
    )
