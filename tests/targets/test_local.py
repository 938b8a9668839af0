"""The local runner: what runs, in which order, what is told and what is left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from headrace.compiler import driver
from headrace.runtime import wire
from headrace.targets.local import RunOutcome, run_pipeline

STEPS = """
import os, subprocess, time
from pathlib import Path

def one(x=1): return x
def add(a, b): return a + b
def numbers(n): return list(range(n))
def fail(x):
    raise ValueError(f"bad {x}")
def write(name, text) -> Path:
    Path(name).write_text(text)
    return Path(name)
def tree(name) -> Path:
    folder = Path(name) / "sub"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_bytes(b"a\\r\\n")
    (Path(name) / "empty").mkdir()
    return Path(name)
def read(path: Path): return path.name, path.read_text()
def listing(path: Path):
    return path.name, sorted(p.relative_to(path).as_posix() for p in path.rglob("*"))
def flaky(marker, times):
    path = Path(marker)
    count = int(path.read_text()) if path.exists() else 0
    path.write_text(str(count + 1))
    if count < times:
        raise RuntimeError(f"attempt {count}")
    return count
def slow(seconds):
    time.sleep(seconds)
    return seconds
def detach():
    subprocess.Popen(["sleep", "100"], start_new_session=True)
    os.system("setsid -f sleep 100")
    time.sleep(100)
def append(path, text):
    with open(path, "a") as file:
        file.write(text)
def environment(name): return os.environ.get(name)
def change(xs):
    xs.append(1)
    return xs
def say(text):
    print(text)
"""


def run(folder: Path, body: str, header: str = "", settings: str = "", **parameters: Any) -> Any:
    """Compile a pipeline of `body`, run it here, and return what became of it."""
    path = folder / "work.py"
    block = "".join(f"# {line}\n" for line in settings.splitlines())
    script = f"# /// script\n# [tool.headrace]\n{block}# ///\n" if settings else ""
    path.write_text(f"{script}{STEPS}\ndef pipeline({header}):\n    {body}\n")
    compilation = driver.compile_source(path)
    assert [d.message for d in compilation.diagnostics] == []
    assert compilation.pipeline is not None
    return run_pipeline(
        compilation.pipeline,
        parameters={name: wire.encode(value) for name, value in parameters.items()},
        import_path=compilation.import_path,
        project_folder=folder,
        progress=False,
    )


def states(outcome: RunOutcome) -> dict[str, str]:
    """Return the state of each step that was started."""
    return {step["id"]: step["state"] for step in outcome.steps}


@pytest.mark.parametrize(
    ("body", "result"),
    [
        ("return add(one(), 2)", 3),
        ("return [add(x, 1) for x in numbers(3)]", [1, 2, 3]),
        ("return [add(x, 1) for x in numbers(0)]", []),
        ("return [[add(x, y) for y in numbers(2)] for x in [10, 20]]", [[10, 11], [20, 21]]),
        ("return [one(x) if x else add(x, 5) for x in numbers(2)]", [5, 1]),
        ("return (1, [2.0, -0.0, None], {'a': True})", [1, [2.0, -0.0, None], {"a": True}]),
        ("return add(2 ** 70, 1)", 2**70 + 1),
        ("return read(write('x.sh', '{{=1+1}}\\n'))", ["x.sh", "{{=1+1}}\n"]),
        ("return listing(tree('model'))", ["model", ["empty", "sub", "sub/a.txt"]]),
        ("return [read(p) for p in [write(n, n) for n in ['a', 'b']]]", [["a", "a"], ["b", "b"]]),
        ("return len(one('x' * 200_000))", 200_000),
    ],
)
def test_results(tmp_path: Path, body: str, result: object) -> None:
    outcome = run(tmp_path, body)
    assert outcome.message == ""
    assert repr(outcome.result) == repr(result)


TEXTS = [
    "{{=1+1}}",
    "{{ ds }}",
    "{% x %}",
    "$(HOME)",
    "$$",
    "'\"\\",
    "a\r\nb\n",
    " ",
    "x.sh",
    "é😀",
    "",
]


def test_texts_arrive_unchanged_on_every_route(tmp_path: Path) -> None:
    body = "return [add(t, one(f'{t}')) for t in [*texts, *one(texts)]]"
    outcome = run(tmp_path, body, header="texts", texts=TEXTS)
    assert outcome.result == [t + t for t in TEXTS * 2]


def test_a_failure_stops_what_needs_it_and_nothing_else(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    body = "a = fail(1)\n    b = one(a)\n    c = add(one(4), 1)\n    return b, c"
    outcome = run(tmp_path, body)
    assert outcome.state == "failed"
    assert outcome.result is None
    assert states(outcome) == {"fail": "failed", "one-c": "succeeded", "add": "succeeded"}
    told = capfd.readouterr().err
    assert "step fail failed" in told
    assert "ValueError: bad 1" in told
    assert "headrace" not in told.split("Traceback")[1].split("log:")[0]


def test_one_failed_item_fails_the_run_after_the_others(tmp_path: Path) -> None:
    outcome = run(tmp_path, "return [fail(x) if x == 1 else one(x) for x in [0, 1, 2]]")
    assert outcome.state == "failed"
    ran = {name: state for name, state in states(outcome).items() if "condition" not in name}
    assert ran == {
        "result[0].one": "succeeded",
        "result[1].fail": "failed",
        "result[2].one": "succeeded",
    }


def test_effects_keep_their_order(tmp_path: Path) -> None:
    log = tmp_path / "log"
    body = "append(p, 'a')\n    x = [append(p, 'b') for _ in range(3)]\n    append(p, 'c')\n"
    body += "    if x:\n        append(p, 'd')\n    append(p, 'e')"
    assert run(tmp_path, body, header="p", p=str(log)).state == "succeeded"
    assert log.read_text() == "abbbcde"


def test_retries(tmp_path: Path) -> None:
    settings = "[tool.headrace.steps.flaky]\nretries = { limit = 2, delay = 0 }"
    marker = str(tmp_path / "marker")
    outcome = run(tmp_path, "return flaky(m, 2)", header="m", settings=settings, m=marker)
    assert (outcome.state, outcome.result) == ("succeeded", 2)
    assert outcome.steps[0]["attempts"] == 3
    Path(marker).unlink()
    outcome = run(tmp_path, "return flaky(m, 3)", header="m", settings=settings, m=marker)
    assert (outcome.state, outcome.steps[0]["attempts"]) == ("failed", 3)


def test_timeout(tmp_path: Path) -> None:
    settings = "[tool.headrace.steps.slow]\ntimeout = 1"
    begin = time.monotonic()
    outcome = run(tmp_path, "return slow(60)", settings=settings)
    assert outcome.state == "failed"
    assert time.monotonic() - begin < 30


def test_environment(tmp_path: Path) -> None:
    settings = "[tool.headrace.steps.environment]\nenv = { COLOUR = 'red $(HOME)' }"
    assert run(tmp_path, "return environment('COLOUR')", settings=settings).result == "red $(HOME)"


def test_a_changed_argument_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "return change(one([]))").state == "failed"
    assert "its argument 'xs' in place" in capfd.readouterr().err


def test_the_record_of_a_run(tmp_path: Path) -> None:
    outcome = run(tmp_path, "return add(one(), n)", header="n: int = 3")
    record = json.loads((tmp_path / ".headrace" / "runs" / outcome.run / "run.json").read_text())
    assert record["state"] == "succeeded"
    assert record["result"] == 4
    assert record["parameters"] == {"n": "3"}
    assert [step["id"] for step in record["steps"]] == ["one", "add"]
    assert (tmp_path / ".headrace" / ".gitignore").read_text() == "*\n"


def test_a_wide_map_and_a_long_chain(tmp_path: Path) -> None:
    assert run(tmp_path, "return sum([add(x, 1) for x in numbers(300)])").result == 45150
    chain = "\n    ".join(["x = one()", *["x = add(x, 1)"] * 150, "return x"])
    assert run(tmp_path, chain).result == 151


def _alive(text: str) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        except OSError:
            continue
        if text.encode() in line and int(folder.name) != os.getpid():
            found.append(line.decode(errors="replace")[:200])
    return found


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_leaves_no_process(tmp_path: Path, sent: signal.Signals) -> None:
    (tmp_path / "work.py").write_text(
        f"{STEPS}\ndef pipeline():\n    return detach(), [slow(x) for x in [100, 101]]\n"
    )
    token = f"HEADRACE_TEST={tmp_path}"
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("headrace")), "run", "--jobs=3", "work.py"],
        cwd=tmp_path,
        env={**os.environ, "HEADRACE_TEST": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "[1].slow: started" in line:
            break
    deadline = time.monotonic() + 10
    while len(_alive(token)) < 7 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(_alive(token)) >= 7
    process.send_signal(sent)
    process.communicate(timeout=20)
    assert process.returncode == 130
    deadline = time.monotonic() + 5
    while _alive(token) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _alive(token) == []
    (record,) = (tmp_path / ".headrace" / "runs").glob("*/run.json")
    assert json.loads(record.read_text())["message"] == "interrupted"


def test_nothing_of_the_module_runs_in_the_runner(tmp_path: Path) -> None:
    sys.modules.pop("work", None)
    assert run(tmp_path, "return one()").state == "succeeded"
    assert "work" not in sys.modules
