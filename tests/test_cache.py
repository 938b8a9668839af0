"""The cache of compiled manifests: it answers as a compilation would, or not at all."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from headrace.compiler import driver
from headrace.compiler.cache_folder import cache_folder
from headrace.compiler.cli import cache, main
from headrace.compiler.cli.request import Request, read_request

PIPELINE = """
import helpers
import tools.words
import torch


def load(text: str) -> list[str]:
    return helpers.split(text)


def pipeline(text: str = "a b"):
    return load(text)


def other(text: str = "a b"):
    return load(text + "!")
"""


class Project:
    """A project in the current folder; `headrace` runs in it, with a cache of its own."""

    def __init__(self, folder: Path, cache: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.cache = cache
        self.compilations = 0
        self._capture = capture

    def headrace(self, *arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        captured = self._capture.readouterr()
        return code, captured.out, captured.err

    def compiles(self, *arguments: str) -> bool:
        """Whether the command compiles, and does not answer from the cache."""
        before = self.compilations
        self.headrace(*(arguments or ("compile", "pipe.py")))
        return self.compilations > before

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)

    @property
    def entries(self) -> list[Path]:
        return sorted(self.cache.glob("*.json"))


@pytest.fixture(name="project")
def _project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Project:
    project = Project(tmp_path / "project", tmp_path / "cache", capfd)
    monkeypatch.setenv("HEADRACE_CACHE_DIR", str(project.cache))
    project.write("pipe.py", PIPELINE)
    project.write("helpers.py", "def split(text):\n    return text.split()\n")
    project.write("pyproject.toml", '[project]\nname = "x"\nrequires-python = ">=3.12"\n')
    monkeypatch.chdir(project.folder)
    compile_source = driver.compile_source

    def counted(*arguments: object, **options: object) -> driver.Compilation:
        project.compilations += 1
        return compile_source(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(driver, "compile_source", counted)
    return project


def test_an_unchanged_source_is_answered_with_the_same_words_and_bytes(project: Project) -> None:
    first = project.headrace("compile", "pipe.py")
    files = {p: p.read_bytes() for p in project.folder.rglob("manifests/**/*") if p.is_file()}
    assert len(files) == 9
    assert "warning[HR406]" in first[2]
    for path in files:
        path.unlink()
    assert project.headrace("compile", "pipe.py") == first
    assert project.compilations == 1
    assert {p: p.read_bytes() for p in files} == files
    assert project.headrace("compile", "pipe.py") == (
        0,
        first[1].replace("wrote", "unchanged"),
        first[2],
    )
    assert project.compilations == 1


def test_check_and_compile_answer_for_each_other(project: Project) -> None:
    assert project.headrace("check", "pipe.py")[0] == 1
    project.headrace("compile", "pipe.py")
    assert project.headrace("check", "pipe.py")[1] == "9 manifests are up to date\n"
    assert project.compilations == 1
    manifest = project.folder / "manifests" / "argo" / "pipe.workflowtemplate.yaml"
    manifest.write_text(manifest.read_text().replace("load", "lost"))
    code, out, _ = project.headrace("check", "pipe.py")
    assert (code, project.compilations) == (1, 1)
    assert "+      - pipe:load\n" in out
    assert out.endswith("1 of 9 manifests differ; run headrace compile\n")


CHANGES: dict[str, Callable[[Project], object]] = {
    "the source": lambda p: p.write("pipe.py", PIPELINE + "\n"),
    "a module it imports": lambda p: p.write("helpers.py", "def split(text):\n    return []\n"),
    "a module that was not there": lambda p: p.write("torch.py", ""),
    "a package that was not there": lambda p: p.write("torch/__init__.py", ""),
    "a package in a module's place": lambda p: p.write("helpers/__init__.py", ""),
    "a folder that was not there": lambda p: p.write("tools/words.py", ""),
    "a module that is gone": lambda p: (p.folder / "helpers.py").unlink(),
    "the folder in a package": lambda p: p.write("__init__.py", ""),
    "the configuration": lambda p: p.write(
        "pyproject.toml", '[project]\nname = "x"\nrequires-python = ">=3.13"\n'
    ),
    "a configuration that was not there": lambda p: p.write("headrace.toml", 'image = "x"\n'),
    "no file in a configuration's place": lambda p: (p.folder / "headrace.toml").mkdir(),
    "no configuration any more": lambda p: (p.folder / "pyproject.toml").unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_what_was_looked_at_is_seen(project: Project, change: str) -> None:
    assert project.compiles()
    assert not project.compiles()
    CHANGES[change](project)
    assert project.compiles()


def test_what_was_not_looked_at_changes_nothing(project: Project) -> None:
    assert project.compiles()
    project.write("notes.py", "")
    project.write("below/headrace.toml", "image = 1")
    assert not project.compiles()


@pytest.mark.parametrize(
    "arguments",
    [
        ("pipe.py:other",),
        ("pipe.py", "--set", "image=x"),
        ("pipe.py", "--profile", "large"),
        ("pipe.py", "--target", "argo"),
        ("pipe.py", "--output-format", "json"),
        ("../{folder}/pipe.py",),
    ],
    ids=str,
)
def test_another_request_is_another_entry(project: Project, arguments: tuple[str, ...]) -> None:
    project.write("headrace.toml", "[profiles.large.defaults]\nmemory = '1Gi'\n")
    given = [argument.format(folder=project.folder.name) for argument in arguments]
    assert project.compiles()
    assert project.compiles("compile", *given)
    assert not project.compiles("compile", *given)
    assert not project.compiles()


def test_the_same_request_in_other_words_is_the_same(project: Project) -> None:
    assert project.compiles("compile", "pipe.py", "--target", "argo", "--out", "a")
    assert not project.compiles("compile", "-t", "argo", "-o", "b", "pipe.py")
    assert not project.compiles("compile", "--target=argo", "pipe.py", "--out=c")
    assert not project.compiles("compile", "-targo", "pipe.py")  # read by the whole parser
    assert all((project.folder / name / "argo").is_dir() for name in "abc")


def test_another_place_another_python_and_another_headrace(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert project.compiles()
    with monkeypatch.context() as elsewhere:
        elsewhere.chdir("/")
        assert project.compiles("compile", str(project.folder / "pipe.py"), "--no-cache")
    for name, value in {"_own": [("new.py", 1, 1)], "_libraries": lambda: [1]}.items():
        with monkeypatch.context() as changed:
            changed.setattr(cache, name, value)
            assert project.compiles()
    with monkeypatch.context() as changed:
        changed.setattr(sys, "version", "3.99")
        assert project.compiles()
    assert not project.compiles()


def test_a_link_that_leads_elsewhere_is_followed(project: Project) -> None:
    for name, image in (("one", "a/one"), ("two", "a/two")):
        project.write(f"{name}/headrace.toml", f'image = "{image}"\n')
        project.write(
            f"{name}/link.py", "def step():\n    return 1\n\n\ndef pipeline():\n    step()\n"
        )
    link = project.folder / "link.py"
    link.symlink_to("one/link.py")
    assert project.compiles("compile", "link.py")
    link.unlink()
    link.symlink_to("two/link.py")
    assert project.compiles("compile", "link.py")
    assert not project.compiles("compile", "link.py")


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-10],
        lambda data: data.replace(b"unchanged", b"", 1) + b" ",
        lambda data: data.replace(b"load", b"lost"),
        lambda data: b"\xff\xfe" + data,
        lambda data: data.split(b"\n")[0] + b"\n{}",
    ],
)
def test_a_damaged_entry_is_ignored(
    project: Project, damage: Callable[[bytes], bytes], capfd: pytest.CaptureFixture[str]
) -> None:
    first = project.headrace("compile", "pipe.py")
    (entry,) = project.entries
    entry.write_bytes(damage(entry.read_bytes()))
    again = project.headrace("compile", "pipe.py")
    assert again == (0, first[1].replace("wrote", "unchanged"), first[2])
    assert project.compilations == 2
    assert not project.compiles()


def test_stale_files_are_shown_from_the_cache_too(project: Project) -> None:
    project.headrace("compile", "pipe.py")
    stale = project.folder / "manifests" / "argo" / "pipe.cronworkflow.yaml"
    stale.write_text("")
    line = f"stale {stale.relative_to(project.folder)}: "
    assert line in project.headrace("compile", "pipe.py")[2]
    assert line in project.headrace("compile", "pipe.py", "--output-format", "json")[1]
    project.compilations = 0
    code, out, _ = project.headrace("check", "pipe.py")
    assert (code, line in out, project.compilations) == (1, True, 0)


def test_no_cache_neither_reads_nor_writes(project: Project) -> None:
    assert project.compiles("compile", "pipe.py", "--no-cache")
    assert project.entries == []
    assert project.compiles()
    assert project.compiles("compile", "pipe.py", "--no-cache")


def test_a_folder_that_cannot_be_written_is_no_error(project: Project) -> None:
    project.cache.write_text("in the way")
    for _ in range(2):
        code, _, err = project.headrace("compile", "pipe.py")
        assert (code, "headrace:" in err) == (0, False)
    assert project.compilations == 2


@pytest.mark.parametrize(
    ("chosen", "caches", "wanted"),
    [
        ("/a/b", "/c", "/a/b"),
        ("", "/c", "/c/headrace"),
        ("", "", "/home/u/.cache/headrace"),
        ("", "relative/is/not/heeded", "/home/u/.cache/headrace"),
    ],
)
def test_where_the_cache_is(
    chosen: str, caches: str, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("HEADRACE_CACHE_DIR", chosen), ("XDG_CACHE_HOME", caches)):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", "/home/u")
    assert cache_folder() == wanted


def test_promise_2_a_project_cannot_bring_answers_of_its_own(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HEADRACE_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", str(project.folder.parent / "home"))
    assert project.compiles()
    kept = project.folder.parent / "home" / ".cache" / "headrace"
    for place in (".", ".headrace/cache", ".cache", ".cache/headrace", "home/.cache/headrace"):
        shutil.copytree(kept, project.folder / place, dirs_exist_ok=True)
    shutil.rmtree(kept)
    assert project.compiles()


def test_a_damaged_template_is_made_anew(project: Project) -> None:
    project.headrace("compile", "pipe.py", "--no-cache")
    (kept,) = (project.cache / "templates").iterdir()
    for damage in (b"", kept.read_bytes()[:100], b"x" * 500):
        kept.write_bytes(damage)
        program = (
            "import sys; from headrace.compiler.cli import main; "
            "sys.exit(main(['compile', 'pipe.py', '--no-cache', '--target', 'airflow']))"
        )
        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_errors_are_not_kept(project: Project) -> None:
    project.write("broken.py", "def pipeline():\n    return lost()\n")
    found = project.headrace("compile", "broken.py")
    assert found[0] == 1
    assert project.headrace("compile", "broken.py") == found
    assert (project.compilations, project.entries) == (2, [])


def test_the_folder_stays_small_and_private(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MOST_ENTRIES", 5)
    for number in range(8):
        project.compiles("compile", "pipe.py", "-t", "argo", "--set", f"image=a/b:{number}")
    assert len(project.entries) == 5
    assert project.cache.stat().st_mode & 0o777 == 0o700
    assert not project.compiles("compile", "pipe.py", "-t", "argo", "--set", "image=a/b:7")


def test_a_file_that_cannot_be_written_is_said_alike(project: Project) -> None:
    (project.folder / "in_the_way").write_text("")
    first = project.headrace("compile", "pipe.py", "--out", "in_the_way")
    assert first[0] == 1
    assert "Error: cannot write in_the_way" in first[2]
    assert project.headrace("compile", "pipe.py", "--out", "in_the_way") == first
    assert project.compilations == 1


def test_an_answer_from_the_cache_imports_little(project: Project) -> None:
    project.headrace("compile", "pipe.py")
    code = (
        "import sys; from headrace.compiler.cli import main; main(['compile', 'pipe.py']); "
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-1].split()
    assert "headrace.compiler.cli.delivery" in loaded
    heavy = {"msgspec", "click", "jinja2", "ast", "difflib", "headrace.compiler.driver"}
    assert heavy.isdisjoint(loaded)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["run", "pipe.py"],
        ["compile"],
        ["compile", "lost.py"],
        ["compile", "pipe.py", "pipe.py"],
        ["compile", "pipe.py:"],
        ["compile", "pipe.py", "--help"],
        ["compile", "pipe.py", "--out"],
        ["compile", "pipe.py", "--out", "a", "-o", "b"],
        ["compile", "pipe.py", "--target", "local"],
        ["compile", "pipe.py", "--output-format", "xml"],
        ["compile", "pipe.py", "-t=argo"],
        ["compile", "--", "pipe.py"],
    ],
    ids=str,
)
def test_unusual_command_lines_are_left_to_the_whole_parser(
    project: Project, arguments: list[str]
) -> None:
    assert read_request(arguments) is None


def test_the_usual_command_line_is_read(project: Project) -> None:
    request = read_request(
        ["check", "--set", "a=b", "pipe.py:f", "--set=c=d", "-t", "argo", "--profile", "p"]
    )
    assert request is not None
    wanted = Request(
        *("check", "pipe.py", "f"), settings=("a=b", "c=d"), profile="p", targets=("argo",)
    )
    assert vars(request) == vars(wanted)
    assert os.path.isfile(request.path)
