import ast
import subprocess
import sys
from pathlib import Path

import pytest

from headrace.compiler import ir
from headrace.compiler.diagnostics import Diagnostic, Sink
from headrace.compiler.frontend.project import Definition, Project, function_signature
from headrace.compiler.source import Span


def project(folder: Path, files: dict[str, str | bytes], main: str = "main.py") -> Project:
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    sink = Sink()
    made = Project(folder / main, sink)
    made.closure()
    assert not list(sink)
    return made


def resolved(made: Project, dotted: str) -> Definition:
    assert made.main is not None
    found = made.resolve(made.main, dotted)
    assert found is not None, dotted
    return found


def origin(made: Project, dotted: str) -> str:
    found = resolved(made, dotted)
    return f"{found.kind} {found.module.name if found.module else '-'} {found.name}"


def unresolved(made: Project, dotted: str) -> bool:
    assert made.main is not None
    return made.resolve(made.main, dotted) is None


# --- files that are not Python -------------------------------------------------------------------


def broken(folder: Path, content: str | bytes) -> Diagnostic:
    file = folder / "main.py"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    sink = Sink()
    assert Project(file, sink).main is None
    [diagnostic] = sink
    assert diagnostic.code == "HR101"
    return diagnostic


@pytest.mark.parametrize(
    ("content", "message", "place"),
    [
        ("x = 1\ndef é(:\n", "invalid syntax", (2, 7)),
        ("é = 1; return é\n", "'return' outside function", (1, 8)),
        ("é = 'é' if\n", "invalid syntax", (1, 11)),
        ("x = 1\ny = '\0'\n", "source code string cannot contain null bytes", (2, 6)),
        (b"x = 1\ny = '\xff'\n", "not UTF-8 text at byte 11: invalid start byte", (2, 6)),
        (b"\xef\xbb\xbf'\xc3\xa9\xff'", "not UTF-8 text at byte 6: invalid start byte", (1, 3)),
        (b"\x80" * 300, "not UTF-8 text at byte 0: invalid start byte", (1, 1)),
        (b"# coding: ascii\r\n'\xc3'", "not ASCII text at byte 18", (2, 2)),
        (
            "# coding: sjis\n'あい".encode("sjis") + b"\xff'",
            "not SHIFT_JIS text at byte 20",
            (2, 4),
        ),
        (b"x\0\n\n\xff", "not UTF-8 text at byte 4", (1, 1)),
        ("x = 1\n".encode("utf-16"), "not UTF-8 text at byte 0", (1, 1)),
        (b"# coding: utf-16\n\n", "no source can be in utf-16", (1, 1)),
        (b"# coding: utf-32\nx\n", "no source can be in utf-32", (1, 1)),
        ("# coding: nonsense\n", "unknown encoding: nonsense", (1, 1)),
        ("# coding: rot13\n", "'rot13' is not a text encoding", (1, 1)),
        ("(" * 300 + ")" * 300, "too many nested parentheses", (1, 201)),
        ("-" * 100_000 + "1", "too deeply nested for Python's own parser", (1, 1)),
        ("x = (1,\n", "'(' was never closed", (1, 5)),
    ],
)
def test_a_file_that_is_not_python_is_reported_where_python_reports_it(
    tmp_path: Path, content: str | bytes, message: str, place: tuple[int, int]
) -> None:
    found = broken(tmp_path, content)
    assert message in found.message
    assert found.span is not None
    assert (found.span.path, found.span.line, found.span.column) == ("main.py", *place)
    assert found.hint


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "shift_jis", "utf-7", "utf-8-sig"])
def test_a_declared_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    written = "£" if encoding != "shift_jis" else "あ"
    made = project(
        tmp_path, {"main.py": f"# coding: {encoding}\nX = '{written}'\n".encode(encoding)}
    )
    assert made.main is not None
    assert made.main.source.line(2) == f"X = '{written}'"


def test_a_warning_of_pythons_parser_is_no_error(tmp_path: Path) -> None:
    assert project(tmp_path, {"main.py": 'x = "\\d"\nassert (x, 1)\n'}).main is not None


def test_a_missing_file_is_reported_without_a_place(tmp_path: Path) -> None:
    sink = Sink()
    assert Project(tmp_path / "absent.py", sink).main is None
    [found] = sink
    assert found.message == "cannot read absent.py: No such file or directory"


def test_a_broken_import_is_reported_in_its_own_file(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("def f():\n    import helpers.bad\n")
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers/bad.py").write_text("x = = 1\n")
    sink = Sink()
    made = Project(tmp_path / "main.py", sink)
    assert list(made.closure()) == ["helpers.bad", "main"]
    [found] = sink
    assert str(found.span) == "helpers/bad.py:1"
    assert made.sources["helpers/bad.py"].line(1) == "x = = 1"


# --- places --------------------------------------------------------------------------------------


def test_columns_count_characters_and_a_function_starts_at_its_def(tmp_path: Path) -> None:
    text = "\ufeffé = '😀'; x = 1\r\n@print\r\ndef f(a, é=1):\r\n    pass\r\n"
    main = project(tmp_path, {"main.py": text}).main
    assert main is not None
    _, x, f = main.tree.body
    assert main.span(x) == Span(path="main.py", line=1, column=10, end_line=1, end_column=15)
    assert main.span(f) == Span(path="main.py", line=3, column=1, end_line=4, end_column=9)
    assert isinstance(f, ast.FunctionDef)
    assert main.span(f.args.args[1]).column == 10


def test_the_import_root_is_above_all_packages(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"a/__init__.py": "", "a/b/__init__.py": "", "a/b/c.py": ""}
    made = project(tmp_path, files, "a/b/c.py")
    assert made.import_root == tmp_path
    assert made.main is not None
    assert (made.main.name, made.main.source.shown_path) == ("a.b.c", "a/b/c.py")
    assert list(made.closure()) == ["a", "a.b", "a.b.c"]


# --- the closure ---------------------------------------------------------------------------------


def test_the_closure_has_every_import_wherever_it_stands(tmp_path: Path) -> None:
    main = """
import os, json, numpy, random
if True:
    import a.b as c
try:
    from pack import sub, value
except ImportError:
    pass
def f():
    from lazy.deep import thing
from starred import *
"""
    made = project(
        tmp_path,
        {
            "main.py": main,
            "os.py": "",
            "random.py": "",
            "json/tool.py": "",
            "a/__init__.py": "import cycle",
            "a/b.py": "from . import sibling",
            "a/sibling.py": "from .. import beyond",
            "cycle.py": "import main, a",
            "pack/__init__.py": "value = 1",
            "pack/sub.py": "from .other import x",
            "pack/other.py": "",
            "pack/unused.py": "",
            "lazy/deep.py": "",
            "starred/__init__.py": "__all__ = ['one']\n__all__ += ['two']",
            "starred/one.py": "",
            "starred/two.py": "",
            "starred/three.py": "",
        },
    )
    assert {name: str(file.relative_to(tmp_path)) for name, file in made.closure().items()} == {
        "main": "main.py",
        "random": "random.py",
        "a": "a/__init__.py",
        "a.b": "a/b.py",
        "a.sibling": "a/sibling.py",
        "cycle": "cycle.py",
        "pack": "pack/__init__.py",
        "pack.sub": "pack/sub.py",
        "pack.other": "pack/other.py",
        "lazy.deep": "lazy/deep.py",
        "starred": "starred/__init__.py",
        "starred.one": "starred/one.py",
        "starred.two": "starred/two.py",
    }
    assert set(made.modules) == set(made.closure())


def test_a_file_shadows_the_standard_library_exactly_where_cpython_lets_it(tmp_path: Path) -> None:
    """CPython itself says which of these names it takes from the folder of the script."""
    files = ["os", "sys", "time", "abc", "random", "string", "csv", "itertools", "codecs", "io"]
    folders, packages = ["json", "email"], ["html", "wsgiref"]
    for name in files:
        (tmp_path / f"{name}.py").touch()
    for name in folders + packages:
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.py").touch()
    for name in packages:
        (tmp_path / name / "__init__.py").touch()
    names = files + folders + packages
    script = "\n".join(f"import {name}" for name in names)
    script += f"\nprint(*(n for n in {names} if 'tmp' in str(globals()[n].__spec__.origin)))"
    script = script.replace("'tmp'", repr(str(tmp_path)))
    (tmp_path / "main.py").write_text(script)
    printed = subprocess.run(
        [sys.executable, "-S", tmp_path / "main.py"], capture_output=True, text=True, check=True
    ).stdout
    made = Project(tmp_path / "main.py", Sink())
    assert sorted(printed.split()) == sorted(set(made.closure()) - {"main"})
    assert {"random", "html"} <= set(made.closure())


# --- names ---------------------------------------------------------------------------------------

PACKAGE: dict[str, str | bytes] = {
    "main.py": """
import a.b
import a.b as c
import numpy as np
import xml.dom
from scipy import stats
from a import f as g, sub, up, gone
from a.starred import *
from cycle import loop
from space import inner
def step(): ...
""",
    "a/__init__.py": "from .b import f\nfrom .b import LR as up\nfrom . import sub\n",
    "a/b.py": "LR = 0.1\ndef f(x): ...\nclass K: ...\n",
    "a/sub.py": "from .b import f as h\nfrom math import sqrt",
    "a/never.py": "def f(): ...",
    "a/starred.py": "__all__ = ['_kept']\ndef _kept(): ...\ndef left_out(): ...\n",
    "cycle.py": "from other import loop",
    "other.py": "from cycle import loop",
    "space/inner.py": "def f(): ...",
}


@pytest.mark.parametrize(
    ("dotted", "expected"),
    [
        ("step", "function main step"),
        ("a", "module a a"),
        ("a.b", "module a.b a.b"),
        ("a.b.f", "function a.b f"),
        ("a.f", "function a.b f"),
        ("c.f", "function a.b f"),
        ("c.K", "class a.b K"),
        ("c.K.method", "other a.b K.method"),
        ("g", "function a.b f"),
        ("up", "constant a.b LR"),
        ("sub", "module a.sub a.sub"),
        ("sub.h", "function a.b f"),
        ("sub.sqrt", "foreign - math.sqrt"),
        ("np.linalg.norm", "foreign - numpy.linalg.norm"),
        ("xml.dom.minidom", "foreign - xml.dom.minidom"),
        ("stats.norm", "foreign - scipy.stats.norm"),
        ("_kept", "function a.starred _kept"),
        ("inner.f", "function space.inner f"),
    ],
)
def test_names_are_followed_to_where_they_are_defined(
    tmp_path: Path, dotted: str, expected: str
) -> None:
    assert origin(project(tmp_path, PACKAGE), dotted) == expected


@pytest.mark.parametrize("dotted", ["absent", "a.absent", "left_out", "loop", "gone", "len"])
def test_unbound_names_are_nothing(tmp_path: Path, dotted: str) -> None:
    assert unresolved(project(tmp_path, PACKAGE), dotted)


def test_a_submodule_is_an_attribute_only_when_something_imports_it(tmp_path: Path) -> None:
    assert unresolved(project(tmp_path, PACKAGE), "a.never")
    more: dict[str, str | bytes] = {
        "main.py": "import a\n",
        "a/b.py": "import a.never\ndef f(): ...",
    }
    assert origin(project(tmp_path, PACKAGE | more), "a.never.f") == "function a.never f"


def test_relative_imports_start_at_the_package_of_the_module(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "p/__init__.py": "def top(): ...",
        "p/q/__init__.py": "",
        "p/q/main.py": "from . import near\nfrom .near import f\nfrom .. import top as t\n"
        "from ... import beyond\n",
        "p/q/near.py": "def f(): ...",
    }
    made = project(tmp_path, files, "p/q/main.py")
    assert origin(made, "near.f") == origin(made, "f") == "function p.q.near f"
    assert origin(made, "t") == "function p top"
    assert unresolved(made, "beyond")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("X = 1", "constant"),
        ("X: int = 1", "constant"),
        ("X: int", None),
        ("if True:\n    X = 1", "other"),
        ("X = [Y for Y in range(3)]", "constant"),
        ("def f():\n    X = 2\nX = 1", "constant"),
        ("X = 1\nif __name__ == '__main__':\n    X = 2", "constant"),
        ("X = 1\nX = 2", "other"),
        ("X = 1\nX += 2", "other"),
        ("X = 1\ndel X", "other"),
        ("X = Y = 1", "other"),
        ("X, Y = 1, 2", "other"),
        ("X = 1\ndef f():\n    global X", "other"),
        ("for i in range(3):\n    X = i", "other"),
        ("for X in range(3): pass", "other"),
        ("with open('x') as X: pass", "other"),
        ("try:\n    pass\nexcept ValueError as X: pass", "other"),
        ("match 1:\n    case X: pass", "other"),
        ("Y = [(X := i) for i in range(3)]", "other"),
        ("X = []\nX.append(1)", "other"),
        ("X = {}\ndef f():\n    X['a'] = 1", "other"),
        ("try:\n    import yaml as X\nexcept ImportError:\n    X = None", "other"),
        ("def X(): ...\nX = print(X)", "other"),
        ("X = 1\ndef X(): ...", "function"),
        ("try:\n    from fast import X\nexcept ImportError:\n    def X(): ...", "other"),
        ("class X: ...\nasync def X(): ...", "function"),
        ("class Y:\n    def X(): ...", None),
    ],
)
def test_what_a_module_level_name_is(tmp_path: Path, text: str, kind: str | None) -> None:
    made = project(tmp_path, {"main.py": text})
    assert made.main is not None
    found = made.resolve(made.main, "X")
    assert (found.kind if found else None) == kind


def test_the_last_definition_wins(tmp_path: Path) -> None:
    text = "def f(old): ...\ndef f(new): ...\n"
    found = resolved(project(tmp_path, {"main.py": text}), "f")
    assert isinstance(found.node, ast.FunctionDef)
    assert found.node.args.args[0].arg == "new"


def test_a_definition_that_python_may_skip_is_no_step(tmp_path: Path) -> None:
    text = "def f(old): ...\nif True:\n    def f(new): ...\n"
    assert resolved(project(tmp_path, {"main.py": text}), "f").kind == "other"


# --- signatures ----------------------------------------------------------------------------------


def test_a_signature_has_the_source_of_annotations(tmp_path: Path) -> None:
    text = """
from m import real as alias
"""
    real = '''
@cache
def real(a: "list[int]", /, b, c: int = 1, *rest, d: dict[str, float], e=0, **f) -> int | None:
    """First line
    goes on.

    Second paragraph.
    """
'''
    made = project(tmp_path, {"main.py": text, "m.py": real})
    parameter = ir.FunctionParameter
    assert function_signature(resolved(made, "alias")) == ir.Function(
        key="m:real",
        parameters=(
            parameter(name="a", annotation="'list[int]'"),
            parameter(name="b"),
            parameter(name="c", annotation="int", has_default=True),
            parameter(name="*rest"),
            parameter(name="d", annotation="dict[str, float]"),
            parameter(name="e", has_default=True),
            parameter(name="**f"),
        ),
        returns="int | None",
        doc="First line\ngoes on.",
        span=Span(path="m.py", line=3, column=1, end_line=8, end_column=8),
    )


def test_only_functions_have_a_signature(tmp_path: Path) -> None:
    found = resolved(project(tmp_path, {"main.py": "X = 1"}), "X")
    with pytest.raises(ValueError, match="X is not a function"):
        function_signature(found)
