"""Promises 1, 2 and 4 of the design; promise 3, equal results, is `test_examples`."""

import ast
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import example_runs

HEADRACE = str(Path(sys.executable).with_name("headrace"))


def run(
    command: list[str], folder: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


# --- 1: your code never imports headrace ---------------------------------------------------------


def test_promise_1_no_example_names_headrace_in_its_code() -> None:
    modules = sorted(example_runs.FOLDER.rglob("*.py"))
    assert len(modules) > len(example_runs.NAMES)
    for module in modules:
        tree = ast.parse(module.read_text(encoding="utf-8"))
        words = {word for node in ast.walk(tree) for word in _words(node)}
        assert not any(word.split(".")[0] == "headrace" for word in words), module
        assert not any(getattr(node, "decorator_list", None) for node in ast.walk(tree)), module


def _words(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module):
            return [module or ""]
        case ast.Name(id=name):
            return [name]
        case ast.Constant(value=str(text)):
            return [text]
    return []


def test_promise_1_an_example_runs_where_headrace_is_not_installed(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['headrace'] = None; sys.path.insert(0, sys.argv[1]);"
        "import word_counts; assert word_counts.pipeline()['texts']"
    )
    done = run([sys.executable, "-c", program, str(example_runs.FOLDER)], tmp_path)
    assert done.returncode == 0, done.stderr


# --- 2: compiling never runs your code -----------------------------------------------------------

EFFECTS = {
    "writes-a-file": "open('ran', 'w').close()",
    "exits": "import os; open('ran', 'w').close(); os._exit(3)",
    "raises": "open('ran', 'w').close(); raise RuntimeError('ran')",
    "missing-package": "open('ran', 'w').close(); import no_such_package_anywhere",
    "never-ends": "open('ran', 'w').close()\nwhile True: pass",
}

MODULE = """
import helpers
EFFECT


def decorate(function):
    open("ran", "w").close()
    return function


class Row(object if open("ran", "w") else object):
    open("ran", "w").close()


def load(count: "int" = 1) -> int:
    return count


@decorate
def aside(value: open("ran", "w") = open("ran", "w")) -> int:
    return 1


def pipeline(start: int = 2):
    total = helpers.add(load(start), 1)
    return [load(each) for each in range(3)], total
"""

HELPERS = """
EFFECT


def add(left: int, right: int) -> int:
    return left + right
"""

PROBE = """
import os, sys

SOURCES, OUT, CACHE = sys.argv[1:4]


def fail(what):
    # At once, and also in a copy of this process: the compiler may make some for itself.
    os.write(2, f"{what}\\n".encode())
    os._exit(9)


def hook(event, arguments):
    if event == "exec" and arguments[0].co_filename.startswith(SOURCES):
        fail(f"ran {arguments[0].co_filename}")
    elif event == "import" and arguments[0].split(".")[0] in ("flow", "helpers"):
        fail(f"imported {arguments[0]}")
    elif event == "open" and isinstance(arguments[0], str) and not isinstance(arguments[1], int):
        name = os.path.abspath(arguments[0])
        if set(arguments[1] or "r") & set("wax+") and not name.startswith((OUT, CACHE, "/dev/")):
            fail(f"wrote {name}")
    elif event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"):
        fail(event)
    elif event in ("socket.connect", "socket.getaddrinfo"):
        fail(event)


sys.dont_write_bytecode = True
sys.addaudithook(hook)
from headrace.compiler.cli import main

sys.exit(main(sys.argv[4:]))
"""


def write_flow(folder: Path, effect: str) -> Path:
    folder.mkdir()
    (folder / "helpers.py").write_text(HELPERS.replace("EFFECT", effect))
    (folder / "flow.py").write_text(MODULE.replace("EFFECT", effect))
    return folder / "flow.py"


@pytest.mark.parametrize("effect", EFFECTS.values(), ids=EFFECTS.keys())
def test_promise_2_compiling_runs_nothing(effect: str, tmp_path: Path) -> None:
    sources, out, cache = tmp_path / "sources", tmp_path / "out", tmp_path / "cache"
    file = write_flow(sources, effect)
    environment = {**os.environ, "HEADRACE_CACHE_DIR": str(cache)}
    allowed = [str(sources), str(out), str(cache)]
    commands = [["compile", str(file), "--out", str(out)], ["ir", str(file)], ["graph", str(file)]]
    for command in [*commands, ["check", str(file), "--out", str(out)]]:
        done = run([sys.executable, "-c", PROBE, *allowed, *command], sources, environment)
        assert done.returncode == 0, done.stderr
    assert {path.name for path in sources.iterdir()} == {"flow.py", "helpers.py"}
    assert len([path for path in out.rglob("*") if path.is_file()]) == 9


@pytest.mark.parametrize("effect", EFFECTS.values(), ids=EFFECTS.keys())
def test_promise_2_the_same_module_does_run_under_python(effect: str, tmp_path: Path) -> None:
    file = write_flow(tmp_path / "sources", effect)
    process = subprocess.Popen(
        [sys.executable, str(file)], cwd=file.parent, stdout=-1, stderr=-1, text=True
    )
    try:
        process.communicate(timeout=1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    assert (file.parent / "ran").exists()


def test_promise_2_a_local_run_compiles_before_anything_runs(tmp_path: Path) -> None:
    file = write_flow(tmp_path / "sources", "open('ran', 'w').close()")
    refused = "    while start:\n        pass\n    return ["
    file.write_text(file.read_text().replace("    return [", refused))
    done = run([HEADRACE, "run", str(file)], file.parent)
    assert done.returncode == 1, done.stderr
    assert not (file.parent / "ran").exists()


# --- 4: same input, same bytes -------------------------------------------------------------------


def compiled(
    name: str, sources: Path, folder: Path, environment: Mapping[str, str], *, absolute: bool
) -> dict[str, bytes]:
    """Compile the example `name` of `sources` from `folder`; return every byte, by file."""
    out = folder / "out"
    file = sources / f"{name}.py"
    shown = str(file) if absolute else os.path.relpath(file, folder)
    for command in (["compile", shown, "--out", str(out)], ["ir", shown], ["graph", shown]):
        done = run([HEADRACE, *command], folder, {"PATH": os.environ["PATH"], **environment})
        assert done.returncode == 0, done.stderr
        if command[0] != "compile":
            (out / f"{command[0]}.txt").write_text(done.stdout, encoding="utf-8")
    return {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}


@pytest.mark.parametrize("name", example_runs.NAMES)
def test_promise_4_the_same_source_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "far" / "away, and deeper"
    one = tmp_path / "checkout"
    two = tmp_path / "a b" / "another-checkout" / "work"
    for folder in (here, there):
        (folder / "home").mkdir(parents=True)
    for sources in (one, two):
        shutil.copytree(
            example_runs.FOLDER, sources, ignore=shutil.ignore_patterns("__pycache__", ".headrace")
        )
    (two / "unrelated.py").write_text("# not imported\n")
    first = compiled(
        name,
        one,
        here,
        {"HOME": str(here / "home"), "PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8"},
        absolute=False,
    )
    second = compiled(
        name,
        two,
        there,
        {
            "HOME": str(there / "home"),
            "PYTHONHASHSEED": "4242",
            "TZ": "Pacific/Kiritimati",
            "LC_ALL": "C",
            "USER": "someone-else",
            "SOURCE_DATE_EPOCH": "1",
        },
        absolute=True,
    )
    assert sorted(first) == sorted(second)
    assert first == second
    everything = b"\n".join(first.values()).decode()
    for word in (str(tmp_path), "checkout", str(example_runs.ROOT), socket.gethostname()):
        assert not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", everything), word
    assert not re.search(r"\b20[0-9]{2}-[01][0-9]-[0-3][0-9]\b", everything), "a date"


def test_promise_4_a_line_above_changes_digests_and_line_numbers_only(tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    shutil.copytree(example_runs.FOLDER, sources, ignore=shutil.ignore_patterns("__pycache__"))
    environment = {"HOME": str(tmp_path)}
    before, after = tmp_path / "before", tmp_path / "after"
    for folder in (before, after):
        folder.mkdir()
        texts = compiled("word_counts", sources, folder, environment, absolute=True)
        for path, text in texts.items():
            shown = re.sub(rb"sha256:[0-9a-f]{64}", b"sha256", text)
            shown = re.sub(rb"(?<=word_counts\.py:)[0-9]+", b"", shown)
            (folder / f"{path.replace('/', '-')}.shown").write_bytes(shown)
        module = sources / "word_counts.py"
        module.write_text(
            module.read_text().replace(
                "from collections import", "UNRELATED = 1\n\n\nfrom collections import"
            )
        )
    names = sorted(path.name for path in before.glob("*.shown"))
    assert len(names) == 7
    for name in names:
        assert (before / name).read_bytes() == (after / name).read_bytes(), name
    raw = [json.dumps({p.name: p.read_text() for p in f.rglob("*.yaml")}) for f in (before, after)]
    assert raw[0] != raw[1], "the digest must follow the source"
