"""What the local runner does when steps, users or the machine misbehave."""

import contextlib
import json
import os
import pty
import signal
import sys
import threading
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from headrace.compiler import ir
from headrace.compiler.capabilities import check
from headrace.compiler.settings import PipelineSettings, Retries, Schedule
from headrace.targets.local import TARGET, RunOutcome, run_pipeline
from headrace.targets.local.logs import GrowingLog, last_lines
from local_runs import Project, branch, call, const, each, out, spec
from processes import all_end

STEPS = """
    import os, signal, subprocess, sys, time
    from pathlib import Path

    def one(x=1): return x
    def pair(): return 1, "two"
    def total(xs): return xs
    def fail(text): raise ValueError(text)
    def leave(code): os._exit(code)
    def stop(seconds): time.sleep(seconds)
    def stubborn():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(60)
    def polite():
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        time.sleep(60)
    def crash(): os.kill(os.getpid(), signal.SIGSEGV)
    def meet(folder, me, other):
        Path(folder, me).touch()
        deadline = time.monotonic() + 20
        while not Path(folder, other).exists():
            if time.monotonic() > deadline: raise TimeoutError(other)
            time.sleep(0.01)
    def parent(folder):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
        Path(folder, "child.new").write_text(str(child.pid))
        Path(folder, "child.new").rename(Path(folder, "child"))
        Path(folder, "own.new").write_text(str(os.getpid()))
        Path(folder, "own.new").rename(Path(folder, "own"))
        time.sleep(100)
    def shout(count, then):
        for number in range(count): print("line", number)
        raise ValueError(then)
    def speak(folder):
        print("first words\\x1b[0m é", flush=True)
        print("no end of line", end="", flush=True)
        meet(folder, "spoken", "heard")
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path, STEPS)


def states(outcome: RunOutcome) -> dict[str, str]:
    return {step["id"]: step["state"] for step in outcome.steps}


def test_values_reach_every_depth(project: Project) -> None:
    """Outer values inside nested blocks, several outputs of a step, and gathers of gathers."""
    split = [spec("first", "value", "result[0]"), spec("rest", "value", "result[1:]")]
    decide = spec("big", "condition", "result > 1")
    outcome = project.run(
        call("pair", outputs=split),
        each(
            "rows",
            const([1, 2]),
            call(
                "one", id="row", x=ir.Item(map="rows"), outputs=[ir.OutputSpec(name="out"), decide]
            ),
            each(
                "cells",
                const(("a", {"b": None})),
                branch(
                    "size",
                    out("row", "big"),
                    [call("total", id="large", xs=ir.Item(map="cells"))],
                    [],
                    value=(out("large"), out("pair", "first")),
                ),
                out=ir.Merge(branch="size", name="value"),
                index=ir.Item(map="rows"),
            ),
            out=ir.Gather(map="cells"),
            index=ir.Gather(map="cells", name="index"),
            rest=out("pair", "rest"),
        ),
        call("total", xs=ir.Gather(map="rows")),
        call(
            "total",
            id="all",
            xs=ir.Glue(
                source="(of, rest, index)",
                names=(
                    ("of", out("total")),
                    ("rest", ir.Gather(map="rows", name="rest")),
                    ("index", ir.Gather(map="rows", name="index")),
                ),
            ),
        ),
        result=out("all"),
    )
    assert outcome.result == [
        [[1, 1], ["a", {"b": None}]],
        [["two"], ["two"]],
        [[1, 1], [2, 2]],
    ]
    assert "rows[1].cells[0].large" in states(outcome)


def test_steps_run_side_by_side_up_to_jobs(project: Project) -> None:
    folder = const(str(project.folder))
    meeting = (
        call("meet", id="left", folder=folder, me=const("a"), other=const("b")),
        call("meet", id="right", folder=folder, me=const("b"), other=const("a")),
    )
    assert project.run(*meeting, jobs=2).state == "succeeded"
    nodes = [call("stop", id=f"stop-{n}", seconds=const(0.2)) for n in range(3)]
    outcome = project.run(*nodes, jobs=1)
    record = json.loads((project.run_folder(outcome) / "run.json").read_text())
    begins = [datetime.fromisoformat(step["started"]) for step in record["steps"]]
    assert all((b - a).total_seconds() >= 0.2 for a, b in pairwise(sorted(begins)))


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        ("fail", {"text": const("bad {{x}}")}, "ValueError: bad {{x}}"),
        ("leave", {"code": const(0)}, "the step ended without returning (os._exit?)"),
        ("leave", {"code": const(64)}, "the step ended with exit code 64 without returning"),
        ("crash", {}, "ended by signal 11 (Segmentation fault)"),
        ("absent", {}, "absent"),
    ],
)
def test_why_a_step_failed(
    project: Project,
    capfd: pytest.CaptureFixture[str],
    function: str,
    arguments: dict[str, Any],
    message: str,
) -> None:
    items = each("m", const([0]), call(function, **arguments), call("one", after=(function,)))
    outcome = project.run(items)
    assert outcome.state == "failed"
    assert states(outcome) == {f"m[0].{function}": "failed"}
    assert outcome.message.startswith(f"m[0].{function}: ")
    assert message in outcome.message
    told = capfd.readouterr().err
    assert f"step m[0].{function} failed (work.py:7, work:{function})" in told
    log = project.run_folder(outcome) / "steps" / f"m[0].{function}" / "log"
    assert f"log: {log}" in told
    record = json.loads((project.run_folder(outcome) / "run.json").read_text())
    assert (record["state"], record["message"]) == ("failed", outcome.message)
    assert message in record["steps"][0]["message"]


@pytest.mark.parametrize("function", ["stubborn", "polite"])
def test_a_timeout_counts_as_a_failure_however_the_step_takes_it(
    project: Project, function: str
) -> None:
    retries = Retries(limit=1, delay=0)
    outcome = project.run(call(function, settings={"timeout": 1, "retries": retries}))
    assert outcome.message == f"{function}: stopped: it ran longer than 1 s"
    assert outcome.steps[0]["attempts"] == 2
    assert outcome.steps[0]["seconds"] < 10


def test_the_delay_of_retries_grows_to_its_limit(project: Project) -> None:
    retries = Retries(limit=3, delay=1, factor=10, max_delay=2)
    begin = time.monotonic()
    outcome = project.run(
        call("fail", text=const("x"), settings={"retries": retries}),
        call("stop", seconds=const(0)),
        jobs=1,
    )
    assert 5 <= time.monotonic() - begin < 30
    assert outcome.steps[0]["attempts"] == 4
    assert states(outcome) == {"fail": "failed", "stop": "succeeded"}
    step = project.run_folder(outcome) / "steps" / "fail"
    assert all("ValueError" in (step / f"attempt-{n}" / "log").read_text() for n in (2, 3, 4))


def test_what_a_retry_cannot_help_is_not_tried_again(project: Project) -> None:
    changed = project.pipeline(call("one", settings={"retries": Retries(limit=2, delay=0)}))
    with (project.folder / "work.py").open("a") as file:
        file.write("# changed since it was compiled\n")
    outcome = run_pipeline(
        changed,
        parameters={},
        import_path=[project.folder],
        project_folder=project.folder,
        progress=False,
    )
    assert outcome.steps[0]["attempts"] == 1
    assert "not the code that the manifest was compiled from" in outcome.message


@pytest.mark.parametrize(
    "sent", [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM,), (signal.SIGHUP,)]
)
def test_an_interrupted_run_stops_what_its_steps_started(
    project: Project, sent: tuple[signal.Signals, ...]
) -> None:
    def interrupt() -> None:
        while not (project.folder / "own").exists():
            time.sleep(0.01)
        for number in sent:
            os.kill(os.getpid(), number)
            time.sleep(0.05)

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        project.run(
            call("parent", folder=const(str(project.folder))),
            call("stubborn"),
            call("one", after=("parent",)),
        )
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is before
    assert all_end([int((project.folder / "own").read_text())])
    assert all_end([int((project.folder / "child").read_text())])
    (path,) = project.folder.glob(".headrace/runs/*/run.json")
    record = json.loads(path.read_text())
    assert (record["state"], record["message"]) == ("failed", "interrupted")
    assert {step["state"] for step in record["steps"]} == {"stopped"}


def test_a_run_outside_the_main_thread(project: Project) -> None:
    found: list[RunOutcome] = []
    thread = threading.Thread(target=lambda: found.append(project.run(call("one"))))
    thread.start()
    thread.join()
    assert [outcome.state for outcome in found] == ["succeeded"]


def test_files_beside_the_user_are_not_taken_for_pythons_own(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = project.folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "random.py").write_text("raise SystemExit('not the one of Python')")
    monkeypatch.chdir(elsewhere)
    relative = Path("..")
    outcome = project.run(
        call("one"), result=out("one"), import_path=[relative], project_folder=relative
    )
    assert (outcome.message, outcome.result) == ("", 1)


def test_a_result_of_any_size_is_recorded(project: Project) -> None:
    number = 10**6000 + 1
    big = ir.Const(text="1" + "0" * 5999 + "1")
    outcome = project.run(call("one", x=big), result=out("one"))
    assert outcome.result == number
    text = (project.run_folder(outcome) / "run.json").read_text()
    assert f'"result": {big.text},' in text


def test_a_list_of_any_length_may_be_mapped_over(project: Project) -> None:
    outputs = [spec("each", "items", "range(30_000)"), spec("count", "value", "result")]
    outcome = project.run(call("one", outputs=outputs), result=out("one", "count"))
    assert (outcome.message, outcome.result) == ("", 1)
    (text,) = project.folder.glob(".headrace/runs/*/steps/one/outputs/each")
    assert len(json.loads(text.read_text())) == 30_000


def test_a_lost_result_fails_the_run(project: Project) -> None:
    """The object of a result that was put into the store is gone when the run ends."""
    emptied = const(str(project.folder / ".headrace" / "store" / "objects"))
    (project.folder / "work.py").write_text(
        "import shutil\ndef large(): return 'x' * 10_000\ndef lose(folder): shutil.rmtree(folder)\n"
    )
    outcome = project.run(
        call("large"), call("lose", folder=emptied, after=("large",)), result=out("large")
    )
    assert outcome.state == "failed"
    assert outcome.message.startswith("the result cannot be read: ")


def test_many_failures_are_told_in_few_lines(
    project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    shouting = call("shout", count=const(5000), then=ir.Item(map="m"))
    outcome = project.run(each("m", const([f"bad {n}" for n in range(30)]), shouting))
    assert outcome.message == "m[0].shout: ValueError: bad 0 (and 29 more failed)"
    told = capfd.readouterr().err
    assert told.count("Traceback") == 5
    assert told.count("\n") < 6 * 70
    assert "): ValueError: bad " in told
    assert told.endswith("and 10 more steps failed\n")


def test_what_a_step_writes_is_told_while_it_runs(
    project: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    told: list[str] = []

    def listen() -> None:
        deadline = time.monotonic() + 20
        while "speak | first words" not in "".join(told) and time.monotonic() < deadline:
            time.sleep(0.05)
            told.append(capfd.readouterr().err)
        (project.folder / "heard").touch()

    thread = threading.Thread(target=listen)
    thread.start()
    retries = Retries(limit=1, delay=0)
    outcome = project.run(
        call("speak", folder=const(str(project.folder))),
        call("fail", text=const("x"), settings={"retries": retries}),
        progress=True,
    )
    thread.join()
    text = "".join([*told, capfd.readouterr().err])
    assert states(outcome) == {"speak": "succeeded", "fail": "failed"}
    assert text.count("speak | first words\x1b[0m é\n") == 1
    assert text.index("speak | no end of line\n") < text.index("speak: succeeded in ")
    for line in ("speak: started", "fail: started (attempt 2)", "fail | ValueError: x"):
        assert f"{line}\n" in text
    assert " s; next attempt in 0 s\n" in text


def test_a_terminal_shows_the_steps_that_run(project: Project) -> None:
    reader, writer = pty.openpty()
    shown = bytearray()

    def read() -> None:
        with contextlib.suppress(OSError):  # the other end is closed
            while chunk := os.read(reader, 4096):
                shown.extend(chunk)

    thread = threading.Thread(target=read)
    thread.start()
    before = sys.stderr
    with os.fdopen(writer, "w") as sys.stderr:
        try:
            outcome = project.run(
                each("m", const([0.3]), call("stop", seconds=ir.Item(map="m"))), progress=True
            )
        finally:
            sys.stderr.flush()
            sys.stderr, opened = before, sys.stderr
            opened.flush()
    thread.join(timeout=10)
    os.close(reader)
    text = shown.decode()
    assert outcome.state == "succeeded"
    assert "0 done; running: m[0].stop" in text
    assert "m[0].stop: succeeded in 0.3 s" in text


def test_a_schedule_and_the_wishes_for_a_node_are_no_reason_to_refuse(project: Project) -> None:
    pipeline = project.pipeline(
        call("one", settings={"node_selector": {"a": "b"}, "cpu": "64", "memory": "1Ti"})
    )
    settings = PipelineSettings(schedule=Schedule(cron="0 3 * * *", timezone="Europe/Berlin"))
    scheduled = pipeline.replace(settings=settings)
    assert list(check(scheduled, TARGET.capabilities)) == []
    assert list(TARGET.check(scheduled)) == []
    assert TARGET.emit(scheduled) == ()


def test_a_growing_log_is_given_out_once_and_in_parts(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = GrowingLog(path)
    assert log.next_lines() == []
    with path.open("wb", buffering=0) as file:
        file.write(b"one\ntw")
        assert log.next_lines() == ["one"]
        file.write(b"o\r\n 10%\r 20%\r\xff 30%\n")
        assert log.next_lines() == ["two", "\ufffd 30%"]
        file.write(b"x" * 200_000 + b"\nend")
        lines = [*log.next_lines(), *log.rest()]
    assert "".join(lines) == "x" * 200_000 + "end"
    assert max(map(len, lines)) <= 2 << 16
    assert lines[-1] == "end"
    assert last_lines(path, 1) == ["end"]
    assert last_lines(tmp_path / "none", 3) == []
