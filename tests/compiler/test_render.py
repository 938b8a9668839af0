"""Diagnostics as people, machines and GitHub read them."""

import json
from pathlib import Path

import msgspec

from headrace.compiler import render
from headrace.compiler.diagnostics import Diagnostic, Related, Severity
from headrace.compiler.source import SourceFile, Span


def source(text: str) -> dict[str, SourceFile]:
    return {"p.py": SourceFile(Path("p.py"), "p.py", text)}


def finding(span: Span | None, **others: object) -> Diagnostic:
    values = {"code": "HR201", "message": "unknown name `b`", "span": span} | others
    return msgspec.convert(values, Diagnostic)


def marked(text: str, span: Span) -> list[str]:
    """Return the source line and the line of carets below it."""
    lines = render.as_text([finding(span)], source(text)).splitlines()
    return lines[3:5]


def place(line: int, column: int, end: int, path: str = "p.py") -> Span:
    return Span(path=path, line=line, column=column, end_line=line, end_column=end)


def related(span: Span, message: str) -> Related:
    return Related(span=span, message=message)


def test_a_whole_diagnostic() -> None:
    others = (related(Span(path="p.py", line=2), "bound here"),)
    diagnostic = finding(place(11, 5, 8), label="not bound", hint="bind it", related=others)
    text = "\n" * 1 + "x = 1" + "\n" * 9 + "y = bcd + 1\n"
    assert render.as_text([diagnostic], source(text), shown="src/{}".format) == (
        "error[HR201]: unknown name `b`\n"
        "  --> src/p.py:11:5\n"
        "   |\n"
        " 2 | x = 1\n"
        "   | - bound here\n"
        "...\n"
        "11 | y = bcd + 1\n"
        "   |     ^^^ not bound\n"
        "   |\n"
        "   = help: bind it\n\n"
    )


def test_places_in_one_file_stand_in_one_excerpt() -> None:
    text = "if fast:\n    size = load()\nelse:\n    pass\nuse(size, size)\n"
    diagnostic = finding(
        place(5, 5, 9),
        label="read here",
        related=(
            related(place(5, 11, 15), "and here"),
            related(place(2, 5, 9), "bound here"),
            related(Span(path="p.py", line=1, column=1, end_line=4, end_column=9), "this branch"),
            related(place(4, 5, 9), "binds nothing"),
        ),
    )
    assert render.as_text([diagnostic], source(text)) == (
        "error[HR201]: unknown name `b`\n"
        " --> p.py:5:5\n"
        "  |\n"
        "1 | if fast:\n"
        "  | --------... this branch\n"
        "2 |     size = load()\n"
        "  |     ---- bound here\n"
        "3 | else:\n"
        "4 |     pass\n"
        "  |     ---- binds nothing\n"
        "5 | use(size, size)\n"
        "  |     ^^^^ read here\n"
        "  |           ---- and here\n\n"
    )


def test_places_in_several_files() -> None:
    files = source("use(size)\n") | {
        path: SourceFile(Path(path), path, text)
        for path, text in {"lib/a.py": "def use(n): ...\n", "b.py": "\n"}.items()
    }
    diagnostic = finding(
        place(1, 5, 9),
        hint="one\nand two",
        related=(
            related(place(1, 5, 8, "lib/a.py"), "defined here"),
            related(place(1, 9, 10, "lib/a.py"), "takes one"),
            related(place(1, 1, 2, "b.py"), "no text to show"),
            related(place(7, 1, 2, "b.py"), "past the end"),
            related(place(1, 1, 2, "gone.py"), "no such file"),
        ),
    )
    assert render.as_text([diagnostic], files) == (
        "error[HR201]: unknown name `b`\n"
        " --> p.py:1:5\n"
        "  |\n"
        "1 | use(size)\n"
        "  |     ^^^^\n"
        "  |\n"
        " ::: lib/a.py:1:5\n"
        "  |\n"
        "1 | def use(n): ...\n"
        "  |     --- defined here\n"
        "  |         - takes one\n"
        "  |\n"
        " ::: b.py:1:1: no text to show\n"
        " ::: b.py:7:1: past the end\n"
        "  |\n"
        " ::: gone.py:1:1: no such file\n"
        "  |\n"
        "  = help: one\n"
        "          and two\n\n"
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
    assert over_lines == ["1 | f(a,", "  |   ^^..."]
    past_the_end = marked("f(", Span(path="p.py", line=1, column=9, end_line=1, end_column=20))
    assert past_the_end == ["1 | f(", "  |   ^"]


def test_a_long_line_is_cut_around_the_place() -> None:
    text = "x = [" + "1, " * 400 + "b]" + " + [2]" * 100
    at = text.index("b]") + 1
    line, carets = marked(text, place(1, at, at + 1))
    assert len(line) == len("1 | ") + 160 + 2 * len("...")
    assert line.startswith("1 | ...")
    assert line.endswith("...")
    assert line[carets.index("^")] == "b"
    line, carets = marked(text, place(1, 1, len(text) + 1))
    assert line.endswith("1, 1,...")
    assert carets == "  | " + "^" * 160


def test_two_places_far_apart_on_a_long_line() -> None:
    text = "a = " + "1 + " * 200 + "b"
    second = (related(place(1, len(text), len(text) + 1), "there"),)
    lines = render.as_text([finding(place(1, 1, 2), related=second)], source(text)).splitlines()
    assert lines[3].startswith("1 | a = 1 + ")
    assert lines[4] == "  | ^"
    assert lines[5].startswith("1 | ...")
    assert lines[5].endswith(" + 1 + b")
    assert lines[6].index("- there") == len(lines[5]) - 1


def test_nothing_can_command_a_terminal() -> None:
    bad = "\x1b[2J\u202e\x07"
    path = f"{bad}.py"
    span = Span(path=path, line=1)
    text = render.as_text(
        [
            finding(
                span, message=bad, label=bad, hint=bad, related=(related(place(1, 1, 2), bad),)
            ),
            finding(Span(path=f"gone{bad}", line=1), label=bad),
        ],
        {path: SourceFile(Path("p.py"), path, f"a{bad}")},
    )
    assert not set(text) & set("\x1b\u202e\x07")


def test_what_a_terminal_cannot_write_is_escaped_under_the_same_carets() -> None:
    text = "f('日é\x1b', b)"
    [diagnostic] = [finding(place(1, 10, 11), label="où")]
    lines = render.as_text([diagnostic], source(text), encoding="ascii").splitlines()
    assert lines[3:] == ["1 | f('\\u65e5\\xe9?', b)", "  |                  ^ o\\xf9", ""]
    lines = render.as_text([diagnostic], source(text), encoding="latin-1").splitlines()
    assert lines[3:] == ["1 | f('\\u65e5é?', b)", "  |               ^ où", ""]


def test_colour_only_where_asked_for() -> None:
    diagnostic = finding(
        place(1, 1, 2), label="l", hint="h", related=(related(place(1, 3, 4), "r"),)
    )
    red, blue, bold, plain = "\x1b[1;31m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"
    assert render.as_text([diagnostic], source("b c"), colour=True) == (
        f"{red}error[HR201]{plain}{bold}: unknown name `b`{plain}\n"
        f"{blue} -->{plain} p.py:1:1\n"
        f"{blue}  |{plain}\n"
        f"{blue}1 |{plain} b c\n"
        f"{blue}  |{plain} {red}^ l{plain}\n"
        f"{blue}  |{plain}   {blue}- r{plain}\n"
        f"{blue}  |{plain}\n"
        f"{blue}  ={plain} {bold}help:{plain} h\n\n"
    )
    assert "\x1b" not in render.as_text([diagnostic], source("b c"))


def test_json_holds_everything() -> None:
    span = Span(path="p.py", line=1, column=2, end_line=3, end_column=4)
    others = (related(place(5, 6, 7, "q.py"), "there"),)
    diagnostic = finding(span, hint="h", label="l", related=others)
    [written] = json.loads(render.as_json([diagnostic], shown="src/{}".format))
    assert written == {
        "code": "HR201",
        "severity": "error",
        "message": "unknown name `b`",
        "label": "l",
        "hint": "h",
        "path": "src/p.py",
        "line": 1,
        "column": 2,
        "end_line": 3,
        "end_column": 4,
        "related": [
            {
                "message": "there",
                "path": "src/q.py",
                "line": 5,
                "column": 6,
                "end_line": 5,
                "end_column": 7,
            }
        ],
    }
    assert json.loads(render.as_json([])) == []


def test_github_annotations_are_escaped() -> None:
    span = Span(path="a,b:c.py", line=1, column=2, end_line=1, end_column=4)
    diagnostic = finding(span, message="100%\nwrong", hint="a: b", severity=Severity.WARNING)
    assert render.as_github([diagnostic]) == (
        "::warning title=HR201,file=a%2Cb%3Ac.py,line=1,col=2,endLine=1,endColumn=4"
        "::100%25%0Awrong%0Ahelp: a: b\n"
    )


def test_github_annotations_tell_of_the_other_places() -> None:
    others = (related(place(5, 6, 7, "q.py"), "bound: here"), related(place(1, 1, 2), "and here"))
    diagnostics = [
        finding(place(2, 3, 4), hint="h", related=others),
        finding(place(1, 5, 9, "--set")),
    ]
    assert render.as_github(diagnostics, shown="src/{}".format) == (
        "::error title=HR201,file=src/p.py,line=2,col=3,endLine=2,endColumn=4"
        "::unknown name `b`%0Asrc/q.py:5:6: bound: here%0Asrc/p.py:1:1: and here%0Ahelp: h\n"
        "::error title=HR201::unknown name `b`%0Aat --set:1:5\n"
    )
