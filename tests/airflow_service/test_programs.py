"""The programs of an Airflow end with what they started, and with what started them."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

import airflow_service
from airflow_service import programs
from airflow_service.programs import Programs
from processes import all_end, is_alive

STUBBORN = "trap '' TERM; sleep 60 & echo $! > child.new; mv child.new child; wait"
"""A program that heeds no SIGTERM and has started another one."""

STARTER = f"""
import sys, time
from pathlib import Path
from airflow_service.programs import Programs
folder = sys.argv[1]
command = ["sh", "-c", "cd " + folder + " && " + {STUBBORN!r}]
Programs(Path(folder)).start("stubborn", command, {{"PATH": "/usr/bin:/bin"}})
time.sleep(60)
"""


def written(path: Path) -> int:
    while not path.exists():
        time.sleep(0.01)
    return int(path.read_text())


def test_what_heeds_no_signal_is_killed_with_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "SECONDS_TO_END", 0.1)
    made = Programs(tmp_path)
    child = tmp_path / "child"
    made.start("stubborn", ["sh", "-c", f"cd {tmp_path} && {STUBBORN}"], {"PATH": "/usr/bin:/bin"})
    left = written(child)
    assert is_alive(left)
    made.stop()
    assert all_end([left])
    assert made.ended() == []


def test_what_is_killed_ends_with_what_left_its_group(tmp_path: Path) -> None:
    made = Programs(tmp_path)
    program = f"cd {tmp_path} && setsid sh -c 'sleep 60 & echo $! > new; mv new child; wait' & wait"
    made.start("parent", ["sh", "-c", program], {"PATH": "/usr/bin:/bin"})
    left = written(tmp_path / "child")
    assert is_alive(left)
    made.kill("parent")
    assert all_end([left])
    assert made.ended() == []
    made.stop()


def test_what_has_ended_by_itself_is_told(tmp_path: Path) -> None:
    made = Programs(tmp_path)
    made.start("short", ["sh", "-c", "echo said; exit 3"], {"PATH": "/usr/bin:/bin"})
    while not made.ended():
        time.sleep(0.01)
    assert made.ended() == ["short (exit code 3)"]
    assert (tmp_path / "short.log").read_text() == "said\n"
    made.stop()


def test_programs_end_when_their_starter_is_killed(tmp_path: Path) -> None:
    tests = str(Path(next(iter(airflow_service.__path__))).parent)
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path)],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": tests},
    ) as starter:
        left = written(tmp_path / "child")
        assert is_alive(left)
        starter.kill()
    assert all_end([left])
