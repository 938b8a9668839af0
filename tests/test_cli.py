"""The command line: what it prints, where, and with which exit code."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from headrace.compiler.cli import main
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


def test_either_all_files_are_written_or_none(run: Run, tmp_path: Path) -> None:
    assert run("compile", "shout.py")[0] == 0
    before = files(tmp_path / "manifests")
    victim = next(p for p in (tmp_path / "manifests" / "kubeflow").iterdir())
    victim.unlink()
    victim.mkdir()
    del before[str(victim.relative_to(tmp_path / "manifests"))]
    source = tmp_path / "shout.py"
    source.write_text(source.read_text().replace("a b", "c d"))
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


def test_check_shows_what_differs(run: Run, tmp_path: Path) -> None:
    assert run("check", "shout.py")[0] == 1
    assert run("compile", "shout.py")[0] == 0
    assert run("check", "shout.py")[0] == 0
    source = tmp_path / "shout.py"
    source.write_text(source.read_text().replace("a b", "c d"))
    code, out, err = run("check", "shout.py", "--target", "argo")
    assert code == 1
    assert any(line.startswith("-") and "a b" in line for line in out.splitlines())
    assert any(line.startswith("+") and "c d" in line for line in out.splitlines())
    assert "run headrace compile" in err


# --- what the compiler knows ---------------------------------------------------------------------


def test_ir_and_graph(run: Run) -> None:
    assert "shout" in run("ir", "shout.py")[1]
    assert json.loads(run("ir", "shout.py", "--json")[1])["function"] == "shout:pipeline"
    assert json.loads(run("ir", "--schema")[1])["title"] == "Pipeline"
    assert run("graph", "shout.py")[1].startswith("flowchart TD\n")


def test_the_json_fits_its_schema(run: Run) -> None:
    import jsonschema

    schema = json.loads(run("ir", "--schema")[1])
    jsonschema.validate(json.loads(run("ir", "shout.py", "--json")[1]), schema)


@pytest.mark.parametrize("code", CODES)
def test_the_examples_of_an_explanation(run: Run, tmp_path: Path, code: str) -> None:
    examples = [part.partition("```")[0] for part in explanation(code).split("```python\n")[1:]]
    assert len(examples) == 2
    found = []
    for example in examples:
        path = tmp_path / "example.py"
        path.write_text(example)
        function = next((line for line in example.splitlines() if "def a_pipeline" in line), None)
        name = f"example.py:{function[4:-3]}" if function else "example.py"
        profile = ["--profile", "gke"] if code == "HR404" else []
        _, _, err = run("compile", name, "--output-format", "json", *profile)
        found.append({f["code"] for f in json.loads(err)} - ({"HR406"} - {code}))
    assert found == [{code}, set()]


def test_explain(run: Run) -> None:
    assert run("explain", "hr101")[1].startswith("# HR101: syntax error\n")
    assert len(run("explain")[1].splitlines()) == len(CODES)
    code, _, err = run("explain", "HR999")
    assert code == 2
    assert "HR999" in err


def test_targets(run: Run) -> None:
    assert run("targets")[1].startswith("| feature ")
    names = {target["name"] for target in json.loads(run("targets", "--json")[1])}
    assert names == {"argo", "kubeflow", "airflow", "local"}


# --- usage and accidents -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["compile", "nowhere.py"], "there is no file 'nowhere.py'"),
        (["compile", "."], "is a folder"),
        (["compile", "shout.py:"], "not the name of a function"),
        (["compile", "shout.py:a-b"], "not the name of a function"),
        (["compile", "shout.py", "--target", "local"], "local"),
        (["compile", "shout.py", "--frobnicate"], "--frobnicate"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_wrong_usage(run: Run, arguments: list[str], part: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert part in err
    assert "Traceback" not in err


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


def test_the_shell_completes_commands(tmp_path: Path) -> None:
    environment = os.environ | {
        "_HEADRACE_COMPLETE": "bash_complete",
        "COMP_WORDS": "headrace co",
        "COMP_CWORD": "1",
    }
    result = subprocess.run(
        [str(HEADRACE)], env=environment, capture_output=True, text=True, check=False
    )
    assert result.stdout.split() == ["plain,compile"]


def test_compiling_runs_nothing_of_the_module(run: Run, tmp_path: Path) -> None:
    (tmp_path / "hostile.py").write_text(
        "import not_there\nopen('ran', 'w').close()\nraise SystemExit(3)\n" + PIPELINE
    )
    assert run("compile", "hostile.py")[0] == 0
    assert not (tmp_path / "ran").exists()
