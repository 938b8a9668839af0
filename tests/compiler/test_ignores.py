"""Comments that silence warnings: what they reach, and what is said about those that do not."""

from pathlib import Path

import pytest

from headrace.compiler import driver
from headrace.compiler.registry import MANIFEST_TARGETS

STEP = "def load() -> int:\n    return 1\n\nimport numpy\n"
"""A step, and a package that the stock image lacks, which is a warning at the pipeline (HR406)."""


class Folder:
    """A folder of modules; `p.py` is the one that is compiled, in lines that start at 1."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, text: str, name: str = "p.py") -> None:
        (self.path / name).write_text(text)

    def found(
        self,
        function: str | None = None,
        targets: tuple[str, ...] = MANIFEST_TARGETS,
        profile: str | None = None,
        settings: tuple[str, ...] = (),
    ) -> list[str]:
        """Return each finding as `code line:column text`, with the text that its span covers."""
        compilation = driver.compile_source(
            self.path / "p.py", function, profile=profile, settings=settings
        )
        if targets:
            driver.emit(compilation, targets)
        shown = []
        for finding in driver.findings(compilation):
            span = finding.span
            assert span is not None
            line = compilation.sources[span.path].line(span.line)
            end = span.end_column - 1 if span.end_line == span.line else len(line)
            text = line[span.column - 1 : end]
            shown.append(f"{finding.code} {span.path}:{span.line}:{span.column} {text}")
        return shown

    def hints(self) -> list[str]:
        compilation = driver.compile_source(self.path / "p.py")
        driver.emit(compilation, MANIFEST_TARGETS)
        return [finding.hint for finding in driver.findings(compilation)]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.mark.parametrize(
    "comment",
    [
        "# headrace: ignore[HR406]",
        "#headrace:ignore[HR406]",
        "#  headrace:  ignore  [ HR406 ]",
        "# headrace: ignore[hr406]",
        "# headrace: ignore[HR406,]",
        "# noqa: E302  # headrace: ignore[HR406] (the image is stock)",
    ],
)
def test_a_comment_silences_the_warning_of_its_line(folder: Folder, comment: str) -> None:
    folder.write(STEP + "def pipeline():\n    return load()\n")
    assert folder.found() == ["HR406 p.py:5:1 def pipeline():"]
    folder.write(STEP + f"def pipeline():  {comment}\n    return load()\n")
    assert folder.found() == []


@pytest.mark.parametrize(
    "line",
    [
        "# headrace: ignore[HR406]\ndef pipeline():",
        "def pipeline(\n):  # headrace: ignore[HR406]",
    ],
)
def test_on_another_line_it_silences_nothing(folder: Folder, line: str) -> None:
    folder.write(STEP + f"{line}\n    return load()\n")
    codes = [finding.partition(" ")[0] for finding in folder.found()]
    assert sorted(codes) == ["HR105", "HR406"]
    at = 5 if line.startswith("def") else 6
    assert f"move it to the end of line {at}" in folder.hints()


@pytest.mark.parametrize(
    "line",
    [
        'def pipeline(a: str = "# headrace: ignore[HR406]"):',
        "def pipeline():  # write `# headrace: ignore[HR406]` here",
        "def pipeline():  # headrace: ignored[HR406]",
        "def pipeline():  # see headrace: ignore[HR406]",
    ],
)
def test_what_is_no_such_comment(folder: Folder, line: str) -> None:
    folder.write(STEP + f"{line}\n    return load()\n")
    [finding] = folder.found()
    assert finding.startswith("HR406 p.py:5:1 ")


def test_an_error_is_not_silenced(folder: Folder) -> None:
    folder.write(STEP + "def pipeline():\n    return laod()  # headrace: ignore[HR203]\n")
    assert folder.found() == ["HR203 p.py:6:12 laod", "HR105 p.py:6:39 HR203"]
    error, comment = folder.hints()
    assert error == 'did you mean "load"?'
    assert comment == "correct what it reports, and take the code out of the comment"


def test_codes_that_silence_nothing_are_reported_one_by_one(folder: Folder) -> None:
    comment = "# headrace: ignore[HR406, HR201, HR46, nothing]"
    folder.write(STEP + f"def pipeline():  {comment}\n    return load()\n")
    assert folder.found() == [
        "HR105 p.py:5:44 HR201",
        "HR105 p.py:5:51 HR46",
        "HR105 p.py:5:57 nothing",
    ]
    assert folder.hints()[1:] == ['did you mean "HR406"?', "`headrace explain` lists the codes"]


@pytest.mark.parametrize("comment", ["# headrace: ignore", "# headrace: ignore[]"])
def test_a_comment_names_its_codes(folder: Folder, comment: str) -> None:
    folder.write(STEP + f"def pipeline():  {comment}\n    return load()\n")
    assert folder.found() == [
        f"HR406 p.py:5:1 def pipeline():  {comment}",
        f"HR105 p.py:5:18 {comment}",
    ]
    assert folder.hints()[1] == "say what it may silence: `# headrace: ignore[HR406]`"


def test_a_comment_outlives_its_reason(folder: Folder) -> None:
    folder.write(STEP + "def pipeline():  # headrace: ignore[HR406]\n    return load()\n")
    folder.write('image = "a:1"\n', "headrace.toml")
    assert folder.found() == ["HR105 p.py:5:37 HR406"]
    assert folder.hints() == ["remove it"]


def test_a_needless_comment_is_silenced_as_any_warning(folder: Folder) -> None:
    folder.write('image = "a:1"\n', "headrace.toml")
    folder.write(STEP + "def pipeline():  # headrace: ignore[HR406, HR105]\n    return load()\n")
    assert folder.found() == []
    folder.write(STEP + "def pipeline():  # headrace: ignore[HR105]\n    return load()\n")
    assert folder.found() == ["HR105 p.py:5:37 HR105"]


NEEDLESS = "def pipeline():\n    return load()  # headrace: ignore[HR406]\n"


def test_only_what_was_looked_for_is_missed(folder: Folder) -> None:
    folder.write(STEP + NEEDLESS)
    folder.write('image = "a:1"\n', "headrace.toml")
    assert folder.found() == ["HR105 p.py:6:39 HR406"]
    # `headrace run` and `ir` look at no target, and another target may need the comment
    assert folder.found(targets=()) == []
    assert folder.found(targets=("argo",)) == []
    # so may another configuration
    assert folder.found(settings=("defaults.cpu='1'",)) == []
    folder.write('image = "a:1"\n[profiles.gke]\nstore = "/data"\n', "headrace.toml")
    assert folder.found() == []
    assert folder.found(profile="gke") == []
    folder.write('image = "a:1"\ntargets = ["argo"]\n', "headrace.toml")
    assert folder.found(targets=("argo",)) == ["HR105 p.py:6:39 HR406"]


def test_nothing_is_missed_where_an_error_ended_the_search(folder: Folder) -> None:
    folder.write(STEP + NEEDLESS.replace("load()", "load(1)"))
    assert folder.found() == ["HR204 p.py:6:17 1"]


def test_another_pipeline_of_the_module_may_need_a_comment(folder: Folder) -> None:
    other = "\n\ndef other():  # headrace: ignore[HR406]\n    return load()\n"
    main = "def pipeline():  # headrace: ignore[HR406]\n    return load()\n"
    folder.write(STEP + main + other)
    assert folder.found() == folder.found("other") == []
    # a warning of Python's own about the text is none of ours
    folder.write(STEP + main + other + "\n\nX = '\\d'  # headrace: ignore[HR406]\n")
    assert folder.found() == folder.found("other") == ["HR105 p.py:13:30 HR406"]


def test_a_comment_in_a_step_of_another_module(folder: Folder) -> None:
    unused = "\n\ndef unused() -> int:\n    return 2  # headrace: ignore[HR406]\n"
    folder.write(STEP.replace("1", "1  # headrace: ignore[HR406]") + unused, "steps.py")
    main = "def pipeline():  # headrace: ignore[HR406]\n    return load()\n"
    folder.write(f"from steps import load\n\n\n{main}")
    assert folder.found() == ["HR105 steps.py:2:34 HR406"]


def test_a_wrong_code_is_reported_wherever_it_stands(folder: Folder) -> None:
    folder.write(f"{STEP}X = 1  # headrace: ignore[HR101]\n", "steps.py")
    main = "def pipeline():  # headrace: ignore[HR406]\n    return load()\n"
    folder.write(f"from steps import load\n\n\n{main}")
    assert folder.found() == ["HR105 steps.py:5:27 HR101"]


def test_toml_has_no_such_comments(folder: Folder) -> None:
    folder.write(STEP + "def pipeline():  # headrace: ignore[HR406]\n    return load()\n")
    folder.write("# headrace: ignore[HR101]\n", "headrace.toml")
    assert folder.found() == []


def test_a_file_that_is_not_python_ends_the_search(folder: Folder) -> None:
    folder.write(f"x = 1  # headrace: ignore[HR101]\n{STEP}def pipeline(:\n")
    assert folder.found() == ["HR105 p.py:1:27 HR101", "HR101 p.py:6:14 :"]
