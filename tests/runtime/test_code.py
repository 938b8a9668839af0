"""What expressions may do, and how the code of a run is found and told apart."""

import hashlib
import sys
from pathlib import Path

import pytest

from headrace.runtime.code import digest, find_module, installed_digest
from headrace.runtime.errors import ManifestError
from headrace.runtime.glue import evaluate


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("[x * 2 for x in xs if x > n]", [4, 6]),
        ("sum(x for x in xs) + max(xs, key=lambda x: -x)", 7),
        ("format(n, '03') + '\\x7b\\x7b'", "001{{"),
        ("{k: [v for v in xs if v < k] for k in xs}", {1: [], 2: [1], 3: [1, 2]}),
        ("list(zip(xs, reversed(xs)))", [(1, 3), (2, 2), (3, 1)]),
        ("len", len),
        ("n if n else unknown", 1),
    ],
)
def test_expressions_are_python(source: str, value: object) -> None:
    assert evaluate(source, {"xs": [1, 2, 3], "n": 1}) == value


@pytest.mark.parametrize(
    "source",
    [
        "open('x')",
        "__import__('os')",
        "xs.__class__",
        "[y.__dict__ for y in xs]",
        "x :=",
        "a b",
        "",
    ],
)
def test_expressions_reach_nothing_else(source: str) -> None:
    with pytest.raises(ManifestError):
        evaluate(source, {"xs": [1]})


def test_what_an_expression_raises_is_pythons_own() -> None:
    class Odd:
        @property
        def broken(self) -> int:
            return undefined  # type: ignore[name-defined, no-any-return] # noqa: F821

    with pytest.raises(ZeroDivisionError):
        evaluate("1 / n", {"n": 0})
    with pytest.raises(NameError):
        evaluate("odd.broken", {"odd": Odd()})


def test_the_digest_is_the_one_that_the_manual_describes(tmp_path: Path) -> None:
    files = {"b": b"two\r\n", "a.c": b"one"}
    lines = "".join(f"{name} {hashlib.sha256(files[name]).hexdigest()}\n" for name in sorted(files))
    expected = "sha256:" + hashlib.sha256(lines.encode()).hexdigest()
    (tmp_path / "one").write_bytes(b"one")
    assert digest(files) == expected
    assert digest({"a.c": tmp_path / "one", "b": b"two\r\n"}) == expected
    assert digest({"a": b"two\r\n", "b": b"one"}) != expected


def test_modules_are_found_as_python_finds_them_and_not_imported(tmp_path: Path) -> None:
    for path in (
        *("one/package/__init__.py", "one/package/deep.py", "one/space/first.py", "one/plain.py"),
        *("two/package/late.py", "two/space/second.py", "two/plain/__init__.py", "two/space.txt"),
        *("three/both.py", "three/both/__init__.py", "three/shadow.py", "two/shadow/inner.py"),
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("raise SystemExit('imported')\n")
    folders = [str(tmp_path / name) for name in ("absent", "one", "two", "three")]

    def found(name: str) -> str | None:
        file = find_module(name, folders)
        return None if file is None else str(Path(file).relative_to(tmp_path))

    assert found("package") == "one/package/__init__.py"
    assert found("package.deep") == "one/package/deep.py"
    assert found("package.late") is None  # the first package hides the second
    assert found("space.first") == "one/space/first.py"
    assert found("space.second") == "two/space/second.py"
    assert found("space") is None
    assert found("plain") == "one/plain.py"
    assert found("both") == "three/both/__init__.py"
    assert found("shadow") == "three/shadow.py"
    assert found("plain.deep") is None
    expected = digest({"plain": tmp_path / "one" / "plain.py"})
    assert installed_digest(["plain", "no.such"], folders) == (expected, ["no.such"])
    assert "plain" not in sys.modules
