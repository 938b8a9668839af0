"""The command line: what it prints, where, and with which exit code."""

import contextlib
import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

import sarif_schema
from headrace.compiler.cli import main
from headrace.compiler.cli.application import application
from headrace.compiler.codes import CODES, explanation

HEADRACE = Path(sys.executable).with_name("headrace")

PIPELINE = """
def words(text: str) -> list[str]:
    return text.split()


def shout(word: str) -> str:
    return word.upper()


def join(parts: list[str], mark: str) -> str:
    return " ".join(parts) + mark


def pipeline(text: str = "a b", times: int = 1, mark: str | None = "!"):
    return join([shout(word) for word in words(text)], mark), times
"""
LACKING = f"import numpy\n{PIPELINE}"
"""The same, with a warning: no image is set, and the stock one lacks numpy."""

TITLE = CODES["HR406"].title

BROKEN = """
def load() -> int:
    return 1


def pipeline():
    a = lod()
    while a:
        a = load()
    return a
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs `headrace` beside the two modules."""
    (tmp_path / "shout.py").write_text(PIPELINE)
    (tmp_path / "broken.py").write_text(BROKEN)
    monkeypatch.chdir(tmp_path)

    def run_headrace(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return run_headrace


# --- run -----------------------------------------------------------------------------------------


def test_run_prints_the_result(run: Run) -> None:
    code, out, _ = run("run", "shout.py")
    assert (code, out) == (0, '["A B!", 1]\n')


def test_run_json_is_one_object_and_nothing_else(run: Run) -> None:
    code, out, _ = run(
        "run", "shout.py", "--json", "-p", "text={{=1+1}} $(HOME)", "-p", "times=" + "9" * 5000
    )
    answer = json.loads(out, parse_int=str)
    assert code == 0
    assert answer["state"] == "succeeded"
    assert answer["result"] == ["{{=1+1}} $(HOME)!", "9" * 5000]
    assert set(answer) == {"state", "result", "run", "steps"}
    assert answer["steps"]


def test_a_failing_step_is_a_failed_run(run: Run, tmp_path: Path) -> None:
    (tmp_path / "fails.py").write_text(
        "def load() -> int:\n    raise ValueError('no data today')\n\n\n"
        "def pipeline():\n    return load()\n"
    )
    code, out, err = run("run", "fails.py", "--json")
    assert code == 1
    assert json.loads(out)["state"] == "failed"
    assert json.loads(out)["result"] is None
    assert "no data today" in err
    assert "site-packages" not in err
    assert str(Path(__file__).parent.parent / "runtime") not in err


NO_RUN: dict[str, object] = {"state": "failed", "result": None, "run": None, "steps": []}


def test_run_json_has_an_object_where_there_is_no_run(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = run("run", "broken.py", "--json", "--output-format", "json")
    assert (code, json.loads(out)) == (1, NO_RUN)
    assert "HR102" in {finding["code"] for finding in json.loads(err)}
    assert run("run", "broken.py")[:2] == (1, "")
    (tmp_path / ".headrace").write_text("")
    code, out, err = run("run", "shout.py", "--json")
    assert (code, json.loads(out)) == (1, NO_RUN)
    assert f"Error: cannot run here: {tmp_path}/.headrace/runs/" in err
    assert err.endswith(": Not a directory\n")
    assert run("run", "shout.py", "--json", "-p", "tetx=a")[:2] == (2, "")

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("headrace.targets.local.run_pipeline", interrupt)
    code, out, err = run("run", "shout.py", "--json")
    assert (code, json.loads(out)) == (130, NO_RUN)
    assert err.strip().endswith("headrace: interrupted")


def test_a_run_that_is_interrupted_while_it_runs_has_an_object(run: Run, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(
        "import time\n\n\ndef wait() -> None:\n"
        "    time.sleep(60)\n\n\ndef pipeline():\n    wait()\n"
    )
    command = [str(HEADRACE), "run", "slow.py", "--json"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        process.stderr.readline()  # the step has started
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=50)
    assert (process.returncode, json.loads(out)) == (130, NO_RUN)


MAKES_FILES = """
from pathlib import Path


class Thing: ...


def file() -> Path:
    Path("notes.txt").write_text("noted")
    return Path("notes.txt")


def folder() -> Path:
    Path("site").mkdir()
    Path("site/index.html").write_text("<p>")
    return Path("site")


def thing() -> Thing:
    return Thing()


def pipeline():
    return {"kind": "file", "made": [file(), (folder(),), thing()]}
"""


def test_files_of_a_result_can_be_opened(run: Run, tmp_path: Path) -> None:
    (tmp_path / "makes.py").write_text(MAKES_FILES)
    code, out, _ = run("run", "makes.py", "--json")
    answer = json.loads(out)
    file, (folder,), thing = answer["result"]["made"]
    assert code == 0
    assert Path(file["path"]).name == "notes.txt"
    assert Path(file["path"]).read_text() == "noted"
    assert (Path(folder["path"]).name, (Path(folder["path"]) / "index.html").read_text()) == (
        "site",
        "<p>",
    )
    assert Path(thing["path"]).stat().st_size == thing["size"]
    assert "path" not in answer["result"]
    assert str(tmp_path / ".headrace" / "runs" / answer["run"]) in file["path"]
    _, out, _ = run("run", "makes.py")
    assert json.loads(out)["made"][0]["path"].endswith("/notes.txt")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["-p", "tetx=a"], 'did you mean "text"?'),
        (["-p", "times=many"], "must be JSON"),
        (["-p", "times=1.5"], "1.5 is not int"),
        (["-p", "text"], "NAME=VALUE"),
        (["--jobs", "0"], "--jobs"),
    ],
)
def test_wrong_parameters_are_wrong_usage(run: Run, arguments: list[str], part: str) -> None:
    code, out, err = run("run", "shout.py", *arguments)
    assert (code, out) == (2, "")
    assert part in err


def test_the_python_that_runs_must_be_one_that_is_required(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "shout.py"
    for wanted, code in ((">=3.11", 0), ("!=3.5.*", 0), (">=3.39", 1)):
        source.write_text(f'# /// script\n# requires-python = "{wanted}"\n# ///\n{PIPELINE}')
        found, _, err = run("run", "shout.py")
        assert (found, "requires-python is '>=3.39', and this is Python 3." in err) == (code, code)
        assert run("ir", "shout.py")[0] == 0
    source.write_text(PIPELINE)
    (tmp_path / "pyproject.toml").write_text('[project]\nrequires-python = "<3.11"\n')
    assert run("run", "shout.py")[0] == 1


@pytest.mark.parametrize(
    ("functions", "hint"),
    [("ab", "work.py:a, work.py:b\n"), ("abcde", "work.py:a, work.py:b, work.py:c and 2 more\n")],
)
def test_a_module_without_a_pipeline_names_its_functions(
    run: Run, tmp_path: Path, functions: str, hint: str
) -> None:
    (tmp_path / "work.py").write_text("".join(f"def {name}(): ...\n" for name in functions))
    code, _, err = run("ir", "work.py")
    assert code == 1
    assert f"  = help: name one of its functions: {hint}" in err


def test_a_module_without_a_pipeline_names_those_of_the_configuration_first(
    run: Run, tmp_path: Path
) -> None:
    text = "".join(f"def {name}(): ...\n" for name in ("a", "b", "c", "pipelines", "train_flow"))
    (tmp_path / "work.py").write_text(text)
    (tmp_path / "headrace.toml").write_text('pipelines = ["elsewhere", "train_flow"]\n')
    _, _, err = run("ir", "work.py")
    hint = "work.py:train_flow, work.py:a, work.py:b and 2 more\n"
    assert f"  = help: name one of its functions: {hint}" in err
    assert 'did you mean "train_flow"?' in run("ir", "work.py:trian_flow")[2]


def test_what_is_nested_too_deeply_is_shown(run: Run, tmp_path: Path) -> None:
    sum_of_many = " + ".join(["a"] * 900)
    text = f"def one(x): return x\ndef pipeline(a: int = 1):\n    b = a\n    c = {sum_of_many}\n"
    (tmp_path / "deep.py").write_text(text + "    return one(c)\n")
    _, _, err = run("ir", "deep.py", "--output-format", "json")
    assert [(f["code"], f["line"]) for f in json.loads(err)] == [("HR102", 4)]


@pytest.mark.parametrize(
    ("content", "place", "shown"),
    [
        (b"x = 1\ny = '\xff'\n", "2:6", "2 | y = '\N{REPLACEMENT CHARACTER}'\n  |      ^\n"),
        (b"# coding: utf-16\nx = 1\n", "1:1", "1 | # coding: utf-16\n  | ^\n"),
        (b"\xff\xfex\0=\x001\0", "1:1", "  |\n  = help:"),
    ],
)
def test_a_source_that_is_no_text_is_called_as_it_was_given(
    run: Run, tmp_path: Path, content: bytes, place: str, shown: str
) -> None:
    (tmp_path / "enc").mkdir()
    (tmp_path / "enc" / "bin.py").write_bytes(content)
    code, _, err = run("check", "enc/bin.py")
    assert code == 1
    assert f" --> enc/bin.py:{place}\n" in err
    assert shown in err
    _, _, err = run("check", "enc/bin.py", "--output-format", "github")
    line, column = place.split(":")
    assert err.startswith(f"::error title=HR101,file=enc/bin.py,line={line},col={column}::")


# --- compile and check ---------------------------------------------------------------------------


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_compile_writes_each_target_into_its_folder(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("compile", "shout.py")
    written = files(tmp_path / "manifests")
    assert code == 0
    assert {name.partition("/")[0] for name in written} == {"argo", "kubeflow", "airflow"}
    assert out.count("wrote ") == len(written)
    assert run("compile", "shout.py")[1].count("unchanged ") == len(written)


def test_compile_of_one_target(run: Run, tmp_path: Path) -> None:
    code, _, _ = run("compile", "shout.py", "--target", "argo", "--out", "deep/down")
    assert code == 0
    assert {p.name for p in (tmp_path / "deep" / "down").iterdir()} == {"argo"}


def test_the_configured_targets_are_the_default(run: Run, tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").write_text('targets = ["airflow"]\nimage = "a:1"\n')
    assert run("compile", "shout.py")[0] == 0
    assert {p.name for p in (tmp_path / "manifests").iterdir()} == {"airflow"}


def test_all_findings_are_shown_and_nothing_is_written(run: Run, tmp_path: Path) -> None:
    code, out, err = run("compile", "broken.py")
    assert (code, out) == (1, "")
    assert "error[HR102]" in err
    assert "broken.py:7:9" in err
    assert "    a = lod()" in err
    assert "^^^" in err
    assert "\x1b" not in err
    assert not (tmp_path / "manifests").exists()


def test_findings_for_machines(run: Run) -> None:
    _, _, err = run("compile", "broken.py", "--output-format", "json")
    findings = json.loads(err)
    assert {f["path"] for f in findings} == {"broken.py"}
    assert "HR102" in {f["code"] for f in findings}
    _, _, err = run("compile", "broken.py", "--output-format", "github")
    assert err.startswith("::error title=HR")
    _, _, err = run("compile", "broken.py", "--output-format", "sarif", "--set", "cpuu=1")
    log = json.loads(err)
    assert sarif_schema.errors(log) == []
    [run_of_it] = log["runs"]
    assert [artifact["location"]["uri"] for artifact in run_of_it["artifacts"]] == ["broken.py"]
    assert {"HR102", "HR401"} <= {result["ruleId"] for result in run_of_it["results"]}


@pytest.mark.parametrize(
    ("output_format", "empty"), [("text", ""), ("json", "[]\n"), ("github", "")]
)
def test_a_silenced_warning_is_in_no_format(run: Run, output_format: str, empty: str) -> None:
    silent = LACKING.replace('"!"):', '"!"):  # headrace: ignore[HR406]')
    Path("shout.py").write_text(silent)
    assert run("compile", "shout.py", "--output-format", output_format)[2] == empty
    assert run("check", "shout.py", "--output-format", output_format)[2] == empty
    assert run("ir", "shout.py", "--output-format", output_format)[2] == empty
    assert run("graph", "shout.py", "--output-format", output_format)[2] == empty
    assert run("compile", "shout.py", "--output-format", "sarif")[2].count('"results": []') == 1


def test_check_says_nothing_else_on_stderr(run: Run) -> None:
    Path("shout.py").write_text(LACKING)
    code, out, err = run("check", "shout.py", "--output-format", "sarif")
    assert (code, "manifests differ" in out) == (1, True)
    assert [r["ruleId"] for r in json.loads(err)["runs"][0]["results"]] == ["HR406"]


def headrace_on_a_terminal(folder: Path, *arguments: str, **environment: str) -> str:
    """Return what `headrace` writes to a terminal that is its stderr."""
    outer, inner = pty.openpty()
    process = subprocess.Popen(
        [HEADRACE, *arguments],
        cwd=folder,
        env=PLAIN_ENVIRONMENT | environment,
        stdout=subprocess.DEVNULL,
        stderr=inner,
    )
    os.close(inner)
    written = b""
    with contextlib.suppress(OSError):  # Linux's end of a terminal that nobody has open any more
        while part := os.read(outer, 65536):
            written += part
    os.close(outer)
    assert process.wait() == 1
    return written.decode()


PLAIN_ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in ("NO_COLOR", "FORCE_COLOR", "TERM", "PYTHONIOENCODING")
} | {"TERM": "xterm"}


def test_colours_on_a_terminal(run: Run, tmp_path: Path) -> None:
    red = "\x1b[1;31merror[HR"
    assert red in headrace_on_a_terminal(tmp_path, "compile", "broken.py")
    for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}):
        text = headrace_on_a_terminal(tmp_path, "compile", "broken.py", **variables)
        assert "error[HR" in text
        assert "\x1b" not in text
    assert red in headrace_on_a_terminal(tmp_path, "compile", "broken.py", NO_COLOR="")


def headrace_into_a_pipe(folder: Path, *arguments: str, **environment: str) -> str:
    """Return what `headrace` writes to a pipe that is its stderr, whatever its encoding."""
    result = subprocess.run(
        [HEADRACE, *arguments],
        cwd=folder,
        env=PLAIN_ENVIRONMENT | environment,
        capture_output=True,
        check=False,
    )
    assert result.returncode == 1
    return result.stderr.decode("latin-1")


def test_colours_in_a_pipe_only_by_force(run: Run, tmp_path: Path) -> None:
    assert "\x1b" not in headrace_into_a_pipe(tmp_path, "compile", "broken.py")
    forced = headrace_into_a_pipe(tmp_path, "compile", "broken.py", FORCE_COLOR="1")
    assert "\x1b[1;31merror[HR" in forced
    both = headrace_into_a_pipe(tmp_path, "compile", "broken.py", FORCE_COLOR="1", NO_COLOR="1")
    assert "\x1b" not in both


@pytest.mark.parametrize(
    ("encoding", "text"), [("ascii", r"'\u65e5\xe9'"), ("latin-1", r"'\u65e5é'")]
)
def test_a_terminal_without_utf8(run: Run, tmp_path: Path, encoding: str, text: str) -> None:
    (tmp_path / "wide.py").write_text(
        "def f(a: str, b: str) -> str:\n    return a\n\n\n"
        "def pipeline():\n    return f('日é', wrng)\n"
    )
    err = headrace_into_a_pipe(tmp_path, "compile", "wide.py", PYTHONIOENCODING=encoding)
    lines = err.splitlines()
    at = lines.index(f"6 |     return f({text}, wrng)")
    assert lines[at + 1].index("^^^^ not bound here") == lines[at].index("wrng")


def test_either_all_files_are_written_or_none(run: Run, tmp_path: Path) -> None:
    assert run("compile", "shout.py")[0] == 0
    before = files(tmp_path / "manifests")
    victim = next(p for p in (tmp_path / "manifests" / "kubeflow").iterdir())
    victim.unlink()
    victim.mkdir()
    del before[str(victim.relative_to(tmp_path / "manifests"))]
    source = tmp_path / "shout.py"
    source.write_text(LACKING.replace("a b", "c d"))
    code, out, err = run("compile", "shout.py")
    assert (code, out) == (1, "")
    said = f"Error: cannot write manifests/kubeflow/{victim.name}: a folder stands there"
    assert err.splitlines()[-1] == said
    assert files(tmp_path / "manifests") == before


def test_an_out_folder_that_cannot_be_made(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    code, _, err = run("compile", "shout.py", "--out", "taken")
    assert code == 1
    assert err.splitlines()[-1].startswith("Error: cannot write taken")
    assert "Traceback" not in err


def test_a_file_that_cannot_be_written_has_its_own_name(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def refuse(path: Path, content: bytes) -> int:
        if path.parent.name == "kubeflow":
            raise PermissionError(13, "Permission denied", str(path))
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", refuse)
    code, _, err = run("compile", "shout.py")
    said = "Error: cannot write manifests/kubeflow/shout.yaml: Permission denied"
    assert (code, err.splitlines()[-1]) == (1, said)
    assert not (tmp_path / "manifests").exists()


def test_check_shows_what_differs(run: Run, tmp_path: Path) -> None:
    assert run("check", "shout.py")[0] == 1
    assert run("compile", "shout.py")[0] == 0
    assert run("check", "shout.py")[0] == 0
    source = tmp_path / "shout.py"
    source.write_text(LACKING.replace("a b", "c d"))
    code, out, err = run("check", "shout.py", "--target", "argo")
    assert code == 1
    assert any(line.startswith("-") and "a b" in line for line in out.splitlines())
    assert any(line.startswith("+") and "c d" in line for line in out.splitlines())
    assert out.endswith("2 of 3 manifests differ; run headrace compile\n")
    assert "HR406" in err


def test_what_the_source_no_longer_gives_is_stale(run: Run, tmp_path: Path) -> None:
    settings = tmp_path / "headrace.toml"
    settings.write_text('image = "a:1"\nschedule = "0 3 * * *"\n')
    assert run("compile", "shout.py")[0] == 0
    assert run("check", "shout.py")[1] == "5 manifests are up to date\n"
    settings.write_text('image = "a:1"\n')
    code, out, err = run("compile", "shout.py")
    files = ["argo/shout.cronworkflow.yaml", "kubeflow/shout.recurring-run.yaml"]
    assert (code, "stale" in out) == (0, False)
    assert [line.partition(":")[0] for line in err.splitlines()] == [
        f"stale manifests/{name}" for name in files
    ]
    assert all((tmp_path / "manifests" / name).exists() for name in files)
    assert run("compile", "shout.py", "--output-format", "json")[2] == "[]\n"
    code, out, err = run("check", "shout.py")
    assert (code, err) == (1, "")
    assert [line.partition(":")[0] for line in out.splitlines()] == [
        f"stale manifests/{name}" for name in files
    ]
    code, out, _ = run("check", "shout.py", "--target", "argo")
    assert (code, "argo/shout.cron" in out, "kubeflow" in out) == (1, True, False)
    assert run("check", "shout.py", "--target", "airflow")[0] == 0
    for name in files:
        (tmp_path / "manifests" / name).unlink()
    assert run("check", "shout.py")[:2] == (0, "3 manifests are up to date\n")
    settings.write_text('image = "a:1"\ntargets = ["argo"]\n')
    code, out, _ = run("check", "shout.py")
    assert code == 1
    assert ["kubeflow/shout.yaml" in out, "airflow/shout.py" in out] == [True, True]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("{{x}}.py", "`{{x}}`, which is not a Python name"),
        ("$(x).py", "`$(x)`, which is not a Python name"),
        ("a.b.py", "`a.b`, which is not a Python name"),
        ("pk{{a}}/work.py", "`pk{{a}}`, which is not a Python name"),
        ("class.py", "`class`, which is a keyword"),
        ("pk/import/work.py", "`import`, which is a keyword"),
        ("noext", "no ending `.py`"),
        ("__main__.py", "`__main__` is the name of a module of Python"),
        ("json.py", "`json` is the name of a module of Python"),
        ("json/work.py", "`json` is the name of a module of Python"),
        ("headrace.py", "`headrace` is the name of a module of headrace itself"),
    ],
)
def test_a_file_that_no_program_can_import(run: Run, tmp_path: Path, name: str, part: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    for folder in path.parents[: name.count("/")]:
        (folder / "__init__.py").write_text("")
    path.write_text(PIPELINE)
    for command in ("compile", "run"):
        code, out, err = run(command, name, "--output-format", "json")
        [finding] = json.loads(err)
        assert (code, out, finding["code"]) == (1, "", "HR107")
        assert part in finding["message"]
        assert finding["hint"]


@pytest.mark.parametrize("name", ["headrace.py", "headrace/__init__.py", "headrace/runtime/x.py"])
def test_a_rival_of_headrace_beside_the_pipeline(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("")
    code, _, err = run("run", "shout.py")
    assert code == 1
    assert f"error[HR107]: `{name.partition('/')[0]}" in err
    assert "= help: rename `headrace" in err


def test_a_folder_that_is_only_called_headrace_is_no_rival(run: Run, tmp_path: Path) -> None:
    (tmp_path / "headrace").mkdir()
    (tmp_path / "headrace" / "notes.txt").write_text("")
    assert run("run", "shout.py")[:2] == (0, '["A B!", 1]\n')


# --- what the compiler knows ---------------------------------------------------------------------


def test_ir_and_graph(run: Run) -> None:
    assert "shout" in run("ir", "shout.py")[1]
    assert json.loads(run("ir", "shout.py", "--json")[1])["function"] == "shout:pipeline"
    assert json.loads(run("ir", "--schema")[1])["$ref"] == "#/$defs/Pipeline"
    assert run("graph", "shout.py")[1].startswith("flowchart TD\n")


def test_the_json_fits_its_schema(run: Run) -> None:
    import jsonschema

    schema = json.loads(run("ir", "--schema")[1])
    jsonschema.validate(json.loads(run("ir", "shout.py", "--json")[1]), schema)


@pytest.mark.parametrize("code", CODES)
def test_the_examples_of_an_explanation(run: Run, tmp_path: Path, code: str) -> None:
    examples = [part.partition("```")[0] for part in explanation(code).split("```python\n")[1:]]
    assert len(examples) == 2
    if code not in ("HR105", "HR406", "HR408", "HR409", "HR410"):
        # Pages that do not speak of stock images take for granted that the project names one.
        (tmp_path / "headrace.toml").write_text('image = "ghcr.io/acme/digits:1"\n')
    found = []
    for example in examples:
        first = example.splitlines()[0]
        path = tmp_path / (first[2:] if first.endswith(".py") else "example.py")
        path.write_text(example)
        if first == "# headrace.lock:":
            lock = example.partition("# /// script")[0].splitlines()[1:]
            (tmp_path / "headrace.lock").write_text("\n".join(line[2:] for line in lock))
        function = next((line for line in example.splitlines() if "def a_pipeline" in line), None)
        name = f"{path.name}:{function[4:-3]}" if function else path.name
        profile = ["--profile", "gke"] if code == "HR404" else []
        _, _, err = run("compile", name, "--output-format", "json", *profile)
        found.append({f["code"] for f in json.loads(err)})
    assert found == [{code}, set()]


def test_explain(run: Run) -> None:
    assert run("explain", "hr101") == (0, explanation("HR101"), "")
    code, out, _ = run("explain", "HR101", "--output-format", "json")
    assert code == 0
    assert json.loads(out) == {
        "code": "HR101",
        "title": "syntax error",
        "severity": "error",
        "stage": "frontend",
        "page": explanation("HR101"),
    }


def test_explain_lists_all_codes(run: Run) -> None:
    code, out, _ = run("explain")
    lines = out.splitlines()
    assert code == 0
    assert len(lines) == len(CODES)
    assert "HR101  error    syntax error" in lines
    assert f"HR406  warning  {TITLE}" in lines
    listed = json.loads(run("explain", "--output-format", "json")[1])
    assert [line.split()[0] for line in lines] == [entry["code"] for entry in listed]
    assert {"code": "HR406", "title": TITLE, "severity": "warning", "stage": "target"} in listed


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("HR21", 'did you mean "HR201"?'),
        ("HR20", 'did you mean "HR201", "HR202" or "HR203"?'),
        ("HR999", "`headrace explain` lists them all"),
    ],
)
def test_explain_a_code_that_is_not(run: Run, wrong: str, hint: str) -> None:
    code, out, err = run("explain", wrong)
    assert (code, out) == (2, "")
    assert err.endswith(f"Error: no diagnostic has the code '{wrong}': {hint}\n")


def test_targets(run: Run) -> None:
    assert run("targets")[1].startswith("| feature ")
    names = {target["name"] for target in json.loads(run("targets", "--json")[1])}
    assert names == {"argo", "kubeflow", "airflow", "local"}


PROFILES = """
image = "a:1"
[profiles.gke]
platform = "gke"
steps.shout.accelerator = "a100"
[profiles.eks]
platform = "eks"
steps.shout.accelerator = "a100"
[profiles.wrong]
platform = "doks"
steps.shout.accelerator = "a100"
"""


def test_diff_of_two_profiles(run: Run, tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").write_text(PROFILES)
    code, out, err = run("diff", "shout.py", "--profile", "gke", "--profile", "eks")
    assert (code, err) == (1, "")
    labels = [line for line in out.splitlines() if line.startswith(("---", "+++"))]
    assert labels[:2] == [
        "--- argo/shout.workflowtemplate.yaml (profile gke)",
        "+++ argo/shout.workflowtemplate.yaml (profile eks)",
    ]
    assert len(labels) == 6
    changed = [line[1:].strip() for line in out.splitlines() if line[:1] in "+-"]
    places = ["gke-accelerator", "instance-type", "nvidia-", "p4d", "---", "+++", "--", "++"]
    places += ["gke-gpu-", "DoesNotExist", "V1NodeSelectorRequirement("]
    words = [line for line in changed if any(letter.isalpha() for letter in line)]
    assert all(any(part in line for part in places) for line in words), changed
    code, out, err = run("diff", "shout.py", "--profile", "gke", "--profile", "gke")
    assert (code, out, err) == (0, "", "")
    assert run("diff", "shout.py", "--profile", "gke", "--profile", "wrong")[0] == 1
    assert not (tmp_path / "manifests").exists()


def test_diff_of_what_is_on_disk(run: Run, tmp_path: Path) -> None:
    (tmp_path / "headrace.toml").write_text(PROFILES)
    assert run("compile", "shout.py", "--profile", "gke", "--target", "argo")[0] == 0
    same = run("diff", "shout.py", "--profile", "gke", "--target", "argo")
    assert same == (0, "", "")
    code, out, _ = run("diff", "shout.py", "--profile", "eks", "--target", "argo")
    assert code == 1
    assert "(on disk)" in out
    assert "+              - p4d.24xlarge" in out
    path = tmp_path / "manifests" / "argo" / "shout.workflowtemplate.yaml"
    before = path.read_bytes()
    assert run("diff", "shout.py", "--target", "argo")[0] == 1
    assert path.read_bytes() == before
    code, out, err = run("diff", "shout.py", *["--profile", "gke"] * 3)
    assert (code, out) == (2, "")
    assert "two profiles" in err


def test_accelerators(run: Run) -> None:
    code, out, _ = run("accelerators", "--platform", "gke")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].split()[:4] == ["platform", "accelerator", "memory", "resource"]
    [a100] = [line for line in lines if " a100-80gb " in line]
    assert a100.split()[:7] == [
        *("gke-standard", "a100-80gb", "80", "GB", "nvidia.com/gpu", "1,2,4,8", "1"),
    ]
    assert "GoogleCloudPlatform/cluster-autoscaler" in a100
    assert " tpu-v5e:2x4 " in out
    everywhere = run("accelerators")[1]
    assert any(line.split()[1:2] == ["h200?"] for line in everywhere.splitlines())
    rows = json.loads(run("accelerators", "--platform", "nvidia", "--json")[1])
    [row] = [row for row in rows if row["accelerator"] == "a100-80gb"]
    assert (row["memory_gib"], row["resource"]) == (80, "nvidia.com/gpu")
    assert "1g.10gb" in row["fractions"]
    assert row["source"]


# --- usage and accidents -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["compile", "nowhere.py"], "there is no file 'nowhere.py'"),
        (["compile", "."], "is a folder"),
        (["compile", "shout.py:"], "not the name of a function"),
        (["compile", "shout.py:a-b"], "not the name of a function"),
        (["compile", "shout.py", "--target", "local"], "known here: airflow, argo, kubeflow"),
        (["compile", "shout.py", "--target", "argoo"], 'did you mean "argo"?'),
        (["compile", "shout.py", "--output-format", "xml"], "'sarif'"),
        (["compile", "shout.py", "--frobnicate"], "--frobnicate"),
        (["compile", "shout.py", "--out", ""], "name a folder"),
        (["check", "shout.py", "--out="], "name a folder"),
        (["accelerators", "--platform", "gkee"], 'did you mean "gke"?'),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_wrong_usage(run: Run, arguments: list[str], part: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert part in err
    assert "Traceback" not in err


def test_settings_of_a_pipeline_as_of_a_step_are_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "two.py").write_text(
        PIPELINE + "\n\ndef nightly():\n    return pipeline()\n\n\ndef unused() -> int: ...\n"
    )
    for name in ("pipeline", "nightly"):
        wrong = ("--set", f"steps.{name}.memory=1Gi", "--set", 'pipelines=["nightly"]')
        code, _, err = run("ir", "two.py", *wrong)
        assert code == 1
        assert f'error[HR401]: no step is called "{name}"' in err
        assert "= help: known here: join, result, shout, unused, words\n" in err
    assert run("ir", "two.py:nightly", "--set", "steps.unused.memory=1Gi")[0] == 0


def test_wrong_settings_are_findings(run: Run) -> None:
    code, _, err = run("compile", "shout.py", "--set", "defaults.memroy=1Gi", "--profile", "x")
    assert code == 1
    assert " --> --set:1:10\n" in err
    assert 'did you mean "memory"?' in err
    assert "error[HR404]" in err


def test_help_teaches(run: Run) -> None:
    code, out, _ = run("--help")
    assert code == 0
    assert "headrace run pipeline.py --param epochs=5" in out
    assert "_HEADRACE_COMPLETE=bash_source" in out


COMMANDS = application.list_commands(click.Context(application))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_examples_that_it_reads(run: Run, command: str) -> None:
    code, out, _ = run(command, "--help")
    assert code == 0
    _, _, given = out.partition("Examples:\n")
    examples = [re.sub(r"( +\(|[>|]).*", "", line).strip() for line in given.splitlines()]
    assert len(examples) in (2, 3)
    Path("pipeline.py").write_text(PIPELINE)
    for example in examples:
        words = shlex.split(example)
        assert words[:2] == ["headrace", command]
        with contextlib.suppress(click.exceptions.Exit):  # `ir --schema`
            known = application.get_command(click.Context(application), command)
            assert known is not None
            known.make_context(command, words[2:])


def test_commands_that_compile_import_nothing_of_engines() -> None:
    program = "import sys, headrace.compiler.cli.application; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0
    loaded = set(done.stdout.split())
    later = ("engine_options", "engine_logs", "engine_runs", "submitting", "waiting")
    assert "headrace.compiler.cli.compiling" in loaded
    assert not {f"headrace.compiler.cli.{name}" for name in later} & loaded
    assert not {"headrace.compiler.engine", "kubernetes", "kfp", "requests"} & loaded


def test_our_own_mistake_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a wheel came off\nsecond line")

    monkeypatch.setattr("headrace.compiler.driver.compile_source", fail)
    code, _, err = run("ir", "shout.py")
    assert code == 70
    assert err.startswith("headrace: this is a bug in headrace: RuntimeError: a wheel came off (")
    assert err.count("\n") == 1
    monkeypatch.setenv("HEADRACE_DEBUG", "1")
    with pytest.raises(RuntimeError):
        main(["ir", "shout.py"])


@pytest.mark.parametrize("command", ["compile", "check", "run"])
def test_a_folder_that_is_gone_is_one_clear_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    out = ["--out", str(tmp_path / "out")] if command in ("compile", "check") else []
    for target in (str(tmp_path / "shout.py"), str(tmp_path / "broken.py")):
        code, _, err = run(command, target, *out)
        assert code == 1
        line = "headrace: the folder it was started in is gone: change into one that is there\n"
        assert err == line
    assert run("graph", str(tmp_path / "shout.py"))[0] == 0


def test_an_interruption_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("headrace.compiler.driver.compile_source", interrupt)
    code, _, err = run("ir", "shout.py")
    assert code == 130
    assert err.strip() == "headrace: interrupted"


def test_a_reader_that_leaves_is_no_accident(run: Run, tmp_path: Path) -> None:
    result = subprocess.run(
        ["bash", "-c", f"{HEADRACE} ir --schema | head -1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (result.stdout, result.stderr) == ("{\n", "")


@pytest.mark.parametrize("arguments", ["run shout.py", "compile shout.py", "explain"])
def test_an_output_that_takes_nothing_is_one_clear_line(
    run: Run, tmp_path: Path, arguments: str
) -> None:
    (tmp_path / "headrace.toml").write_text('image = "a:1"\n')
    command = [str(HEADRACE), *arguments.split()]
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    said = [line for line in result.stderr.splitlines() if "result[" not in line]
    said = [line for line in said if not line.startswith(("words: ", "join: ", "result: "))]
    assert said == ["headrace: cannot write the output: No space left on device"]
    assert result.returncode == 1


@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_accident(run: Run, tmp_path: Path, closed: str) -> None:
    for arguments in ("run shout.py", "explain"):
        command = f"{HEADRACE} {arguments} {closed}"
        result = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
        assert (result.returncode, "Traceback" in result.stderr) == (0, False), result.stderr


@pytest.mark.parametrize("arguments", ["ir shout.py", "run shout.py"])
def test_a_closed_pipe_is_silent(run: Run, tmp_path: Path, arguments: str) -> None:
    for streams in ("", "2>&1"):
        command = f"{HEADRACE} {arguments} {streams} | true"
        result = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
        assert not {"Error", "bug", "Traceback"} & set(result.stderr.replace(":", " ").split())


_GKE = ["plain,gke-autopilot", "plain,gke-standard"]


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("headrace co", ["plain,compile"]),
        ("headrace compile shout.py --target a", ["plain,argo", "plain,airflow"]),
        ("headrace explain HR40", [f"plain,HR40{number}" for number in range(1, 10)]),
        ("headrace explain hr404", ["plain,HR404"]),
        ("headrace check shout.py --target ", ["plain,argo", "plain,kubeflow", "plain,airflow"]),
        ("headrace check shout.py --output-format s", ["plain,sarif"]),
        ("headrace accelerators --platform gke", ["plain,gke", *_GKE]),
    ],
)
def test_the_shell_completes(tmp_path: Path, words: str, completed: list[str]) -> None:
    environment = os.environ | {
        "_HEADRACE_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    result = subprocess.run(
        [str(HEADRACE)], env=environment, capture_output=True, text=True, check=False
    )
    assert result.stdout.split() == completed


def test_compiling_runs_nothing_of_the_module(run: Run, tmp_path: Path) -> None:
    (tmp_path / "hostile.py").write_text(
        "import not_there\nopen('ran', 'w').close()\nraise SystemExit(3)\n" + PIPELINE
    )
    assert run("compile", "hostile.py")[0] == 0
    assert not (tmp_path / "ran").exists()
