"""The fork server: steps run as in processes of their own, and none is left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace.runtime import wire
from processes import DETACHES, all_end, is_alive

MODULE = (
    """
import os, random, subprocess, sys, threading, time
from pathlib import Path

import numpy

print("imported", flush=True)
os.system("echo imported by another program")
AT_IMPORT = os.environ.get("SETTING"), os.environ.get("HOME"), os.getpid()
Path("imports").open("a").write("x") if Path("imports").exists() else None

def add(a, b=1): return a + b

def environment(): return [AT_IMPORT[0], os.environ.get("SETTING"), os.environ.get("HOME")]

def process(): return [AT_IMPORT[2], os.getpid(), os.getpgid(0), os.getcwd(), sys.stdin.read()]

def numbers(): return [random.random(), float(numpy.random.random())]

def prints():
    print("out", flush=True)
    print("error", file=sys.stderr)
    os.system("echo program")

def fails(): raise ValueError("no luck")

def in_background():
    def later():
        time.sleep(0.2)
        Path("later").write_text("done")
    threading.Thread(target=later).start()

def sleeps(seconds, ignore=False):
    import signal
    if ignore:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork() == 0:
        Path("child").write_text(str(os.getpid()))
        time.sleep(seconds)
        os._exit(0)
    Path("started").write_text(str(os.getpid()))
    time.sleep(seconds)

def leaves_a_child():
    process = os.fork()
    if process == 0:
        time.sleep(60)
        os._exit(0)
    return process

def leaves(code): os._exit(code)

def allocates(): return len(bytearray(80_000_000))
"""
    + DETACHES
)

SEEDED = (
    MODULE
    + """
random.seed(7)
numpy.random.seed(7)
"""
)
THREADED = (
    MODULE
    + """
threading.Thread(target=time.sleep, args=(0.5,), daemon=True).start()
time.sleep(0.01)
"""
)


class Server:
    """A fork server, and the folder that its steps run in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.modules = folder / "modules"
        self.modules.mkdir()
        self.add_module("flow", MODULE)
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(30)
        command = [sys.executable, "-m", "headrace.runtime.forkserver", str(theirs.fileno())]
        self.process = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        theirs.close()
        self._lines = self.socket.makefile("r")
        self._count = 0

    def add_module(self, name: str, text: str) -> None:
        (self.modules / f"{name}.py").write_text(text)

    def start(self, function: str, *arguments: str, **env: str | None) -> str:
        self._count += 1
        name = f"{function.replace(':', '-')}-{self._count}"
        work = self.folder / name
        work.mkdir()
        request = {
            "id": name,
            "argv": [f"--output=out={work / 'out'}", function, *arguments],
            "cwd": str(work),
            "log": str(work / "log"),
            "env": env,
            "path": [str(self.modules)],
            "modules": [function.partition(":")[0]],
        }
        self.send(request)
        return name

    def send(self, request: dict[str, Any]) -> None:
        self.socket.sendall(json.dumps(request).encode() + b"\n")

    def answer(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._lines.readline())
        return answer

    def run(self, function: str, *arguments: str, **env: str | None) -> tuple[int, Any, str]:
        """Return the exit code, the value and the log of a step."""
        name = self.start(function, *arguments, **env)
        answer = self.answer()
        assert answer["id"] == name
        out = self.folder / name / "out"
        value = wire.decode(out.read_text()) if out.exists() else None
        log = self.folder / name / "log"
        return answer["code"], value, log.read_text() if log.exists() else ""

    def detached(self, name: str) -> list[int]:
        """Return what the step `name` of `flow:detaches` has started, and its own process."""
        return [wait_for(self.folder / name / kind) for kind in ("started", "child", "orphan")]

    def close(self) -> None:
        self._lines.close()
        self.socket.close()

    def end(self) -> None:
        self.close()
        output, _ = self.process.communicate(timeout=30)
        assert self.process.returncode == 0
        assert output == ""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    yield server
    server.end()


def wait_for(path: Path) -> int:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if path.exists() and path.read_text():
            return int(path.read_text())
        time.sleep(0.01)
    raise AssertionError(f"{path} never came")


def test_steps_run_in_forks_of_one_import(server: Server) -> None:
    imported = "imported\nimported by another program\n"
    assert server.run("flow:add", "--a=1") == (0, 2, imported)
    assert server.run("flow:add", "--a=2") == (0, 3, "")
    first, *_ = server.run("flow:process")[1], None
    second = server.run("flow:process")[1]
    assert first[0] == second[0]
    assert first[1] != second[1]
    assert first[1] == first[2]
    assert first[3] == str(server.folder / "flow-process-3")
    assert first[4] == ""


def test_what_steps_print_goes_to_their_logs(server: Server) -> None:
    server.run("flow:add", "--a=1")
    assert server.run("flow:prints") == (0, None, "out\nerror\nprogram\n")
    code, _, log = server.run("flow:fails")
    assert code == 1
    assert log.endswith("ValueError: no luck\n")
    assert log.count("File ") == 1


def test_answers_come_as_steps_end_with_their_time_and_memory(server: Server) -> None:
    slow = server.start("flow:sleeps", "--seconds=0.4")
    quick = server.start("flow:allocates")
    answers = [server.answer(), server.answer()]
    assert [answer["id"] for answer in answers] == [quick, slow]
    assert 80_000_000 < answers[0]["peak_bytes"] < 500_000_000
    assert 0.4 <= answers[1]["seconds"] < 5


def test_a_module_sees_the_environment_of_its_step_when_imported(server: Server) -> None:
    home = os.environ["HOME"]
    assert server.run("flow:environment")[1] == [None, None, home]
    assert server.run("flow:environment", SETTING="{{a}}")[1] == ["{{a}}", "{{a}}", home]
    assert server.run("flow:environment", HOME=None)[1] == [None, None, None]
    assert server.run("flow:environment")[1] == [None, None, home]
    before = server.run("flow:process")[1][0]
    assert server.run("flow:process", HEADRACE_CODE="")[1][0] == before


def test_random_numbers_are_those_of_new_processes(server: Server) -> None:
    first, second = (server.run("flow:numbers")[1] for _ in range(2))
    assert first[0] != second[0]
    assert first[1] != second[1]
    server.add_module("seeded", SEEDED)
    program = "import seeded; print(seeded.numbers())"
    fresh = subprocess.run(
        [sys.executable, "-c", program],
        cwd=server.modules,
        capture_output=True,
        text=True,
        check=True,
    )
    expected = json.loads(fresh.stdout.splitlines()[-1])
    assert server.run("seeded:numbers")[1] == expected
    assert server.run("seeded:numbers")[1] == expected


def test_threads_of_a_step_end_before_it(server: Server) -> None:
    name = f"{server.folder}/flow-in_background-1"
    assert server.run("flow:in_background")[0] == 0
    assert Path(name, "later").read_text() == "done"


def test_a_module_with_threads_is_imported_by_each_step(server: Server) -> None:
    server.add_module("threaded", THREADED)
    for _ in range(2):
        code, value, log = server.run("threaded:process")
        assert code == 0
        assert value[0] == value[1]
        assert log.count("imported\n") == 1
    assert (
        server.run("threaded:add", f'--a="{"x" * 200_000}"', '--b=""')[0] == 65
    )  # without a store
    assert server.run("threaded:add", f'--a="{"x" * 99_000}"', '--b=""')[0] == 0
    code, _, log = server.run("threaded:leaves", "--code=64")
    assert code == 1
    assert "the step ended with exit code 64 without returning" in log
    assert list(server.folder.glob("*/*.ending")) == []


def test_a_module_that_cannot_be_imported_is_told_in_each_log(server: Server) -> None:
    server.add_module("needy", "print('once')\nimport no_such_package\ndef f(): pass\n")
    for _ in range(2):
        code, _, log = server.run("needy:f")
        assert code == 1
        assert log.count("once\n") == 1
        assert "needs the module 'no_such_package'" in log
    assert server.run("absent:f")[0] == 64


@pytest.mark.parametrize(
    ("body", "code", "why"),
    [
        ("os._exit(64)", 1, "importing deadly ended with exit code 64 without returning"),
        ("os._exit(0)", 1, "importing deadly ended without returning (os._exit?)"),
        ("os.kill(os.getpid(), 11)", -11, "the process that imported deadly has ended (-11)"),
    ],
)
def test_an_import_that_ends_the_process_ends_its_steps_only(
    server: Server, body: str, code: int, why: str
) -> None:
    server.add_module("deadly", f"import os\n{body}")
    (server.folder / "message").touch()
    got, _, log = server.run("deadly:f", HEADRACE_TERMINATION_LOG=f"{server.folder}/message")
    assert got == code
    assert f"headrace: {why}" in log
    assert (server.folder / "message").read_text() == log.strip()
    assert server.run("flow:add", "--a=1")[:2] == (0, 2)


def test_a_step_whose_import_never_ends_can_be_killed(server: Server) -> None:
    server.add_module("stuck", "while True: pass")
    first, second = server.start("stuck:f"), server.start("stuck:f")
    assert server.run("flow:add", "--a=1")[:2] == (0, 2)
    for name in (first, second):
        server.send({"kill": name})
        answer = server.answer()
        assert (answer["id"], answer["code"]) == (name, -15)
    server.start("stuck:f")  # left for the end of the server


@pytest.mark.parametrize("ignore", [False, True])
def test_a_killed_step_takes_all_that_it_started_with_it(server: Server, ignore: bool) -> None:
    name = server.start("flow:sleeps", "--seconds=60", f"--ignore={str(ignore).lower()}")
    other = server.start("flow:sleeps", "--seconds=60")
    processes = [wait_for(server.folder / name / kind) for kind in ("started", "child")]
    server.send({"kill": "nothing"})
    server.send({"kill": name})
    answer = server.answer()
    assert answer["id"] == name
    assert answer["code"] == -(signal.SIGKILL if ignore else signal.SIGTERM)
    assert all_end(processes)
    assert is_alive(wait_for(server.folder / other / "started"))


def test_nothing_outlives_its_step(server: Server) -> None:
    process = server.run("flow:leaves_a_child")[1]
    assert all_end([process])
    other = server.start("flow:detaches", "--seconds=60")
    others = server.detached(other)
    for ended in ("left", "killed"):
        name = server.start("flow:detaches", f"--seconds={0 if ended == 'left' else 60}")
        processes = server.detached(name)
        if ended == "killed":
            assert all(map(is_alive, processes))
            server.send({"kill": name})
        assert server.answer()["id"] == name
        assert all_end(processes)
    assert all(map(is_alive, others))


def test_what_an_import_starts_serves_all_the_steps(server: Server) -> None:
    program = "subprocess.Popen(['sleep', '60'], start_new_session=True)"
    source = f"{MODULE}\nSERVICE = {program}\ndef service(): return SERVICE.pid\n"
    server.add_module("serving", source)
    assert server.run("serving:leaves_a_child")[0] == 0
    process = server.run("serving:service")[1]
    assert is_alive(process)
    server.end()
    assert all_end([process])


def test_an_import_that_is_ended_leaves_nothing(server: Server) -> None:
    source = "flow.detaches(0)\nPath('ready').write_text('1')\ntime.sleep(60)\n"
    server.add_module("stuck", f"import flow, time\nfrom pathlib import Path\n{source}")
    name = server.start("stuck:f")
    wait_for(server.folder / name / "ready")
    processes = server.detached(name)
    server.send({"kill": name})
    assert server.answer()["code"] == -15
    assert all_end(processes)


@pytest.mark.parametrize("how", ["close", "SIGTERM", "SIGKILL"])
def test_nothing_outlives_the_server(tmp_path: Path, how: str) -> None:
    server = Server(tmp_path)
    steps = [server.start("flow:sleeps", "--seconds=60", "--ignore=true")]
    steps.append(server.start("flow:sleeps", "--seconds=60", SETTING="other"))
    processes = [wait_for(tmp_path / n / kind) for n in steps for kind in ("started", "child")]
    processes += server.detached(server.start("flow:detaches", "--seconds=60"))
    os.killpg(server.process.pid, signal.SIGINT)  # Ctrl-C does nothing by itself
    time.sleep(0.1)
    assert all(map(is_alive, processes))
    if how != "close":
        server.process.send_signal(getattr(signal, how))
        server.process.wait(timeout=10)
    server.close()
    server.process.communicate(timeout=10)
    assert all_end(processes)
