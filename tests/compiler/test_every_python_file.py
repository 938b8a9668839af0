"""Every Python file of this machine meets the frontend: no crash, no hang, nothing of it runs."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import pytest

import environments
import frontend_probe
import python_files

RecordProperty = Callable[[str, object], None]


def meet(
    files: Sequence[python_files.Unit], whole: bool, record_property: RecordProperty
) -> list[frontend_probe.Meeting]:
    most_bytes = python_files.BYTES_EACH_WHOLE if whole else python_files.BYTES_EACH
    meetings = python_files.meet(files, most_bytes)
    assert [meeting.path for meeting in meetings] == [file for file, _ in files]
    record_property("python_files", [asdict(meeting) for meeting in meetings])
    faults = [f"{meeting.path}\n{fault}" for meeting in meetings for fault in meeting.faults]
    assert not faults, "\n\n".join(faults)
    assert all(meeting.functions for meeting in meetings)
    return meetings


@pytest.mark.parametrize("shard", range(python_files.SHARDS))
def test_a_file_alone_compiles_or_is_refused(
    shard: int, whole_corpus: bool, record_property: RecordProperty
) -> None:
    files = python_files.files_alone(whole_corpus)[shard :: python_files.SHARDS]
    meetings = meet(files, whole_corpus, record_property)
    assert sum(meeting.compiled for meeting in meetings) > 0
    assert sum(meeting.functions for meeting in meetings) > len(meetings)


def test_a_file_in_its_package_compiles_or_is_refused(
    whole_corpus: bool, record_property: RecordProperty
) -> None:
    meetings = meet(python_files.files_in_packages(whole_corpus), whole_corpus, record_property)
    assert sum(meeting.compiled for meeting in meetings) > 0


def test_there_are_many_files() -> None:
    library, installed = python_files.standard_library(), python_files.installed()
    assert len(library) > 500
    made = {path.name for path in environments.FOLDER.iterdir()}
    if {"main", "kubeflow", "airflow"} <= made:
        assert len(library) + len(installed) >= python_files.SAMPLE
    assert len(python_files.files_alone(whole=True)) == len(library) + len(installed)
    assert set(python_files.files_alone(whole=False)) <= set(python_files.files_alone(whole=True))


# --- that the probe would find what it looks for -------------------------------------------------


BROKEN = {
    "raises": ("raise KeyError('gone')", "KeyError: 'gone'"),
    "never ends": ("while True: pass", "took longer than 0.2 s"),
    "never ends, and catches": (
        "while True:\n            try: sum(range(10**6))\n            except Exception: pass",
        "took longer than 0.2 s",
    ),
    "takes the process down": ("os.kill(os.getpid(), 9)", "the process ended with -9"),
    "runs the module": ("exec(compile(path.read_text(), 'module.py', 'exec'))", "ran module.py"),
    "imports": ("import colorsys", "imported colorsys"),
    "imports the module": (
        "sys.path.insert(0, str(path.parent))\n        import module",
        "modules were loaded: ['module']",
    ),
    "writes": ("open(path.parent / 'x', 'w').close()", "wrote "),
    "starts a process": ("os.system('true')", "os.system("),
    "has neither pipeline nor error": (
        "found.pipeline = None",
        "a pipeline and an error, or neither",
    ),
    "knows no such code": (
        "found.diagnostics.report('HR999', 'x', place, hint='y')",
        "unknown code HR999",
    ),
    "has no place": (
        "found.diagnostics.report('HR102', 'x', None, hint='y')",
        "HR102 without a place",
    ),
    "points behind the end": (
        "found.diagnostics.report('HR102', 'x', place.replace(line=9), hint='y')",
        "the file has 2 lines",
    ),
    "points behind the line": (
        "found.diagnostics.report('HR102', 'x', place.replace(column=90), hint='y')",
        "line 1 has 24 characters",
    ),
    "points into another file": (
        "other = place.replace(path='a.py')\n"
        "        found.diagnostics.report('HR102', 'x', other, hint='y')",
        "of no file that was read",
    ),
}
PROGRAM = """
import os, sys
sys.path.insert(0, {tests!r})
import environments
import frontend_probe
from headrace.compiler.source import Span

frontend_probe.LONGEST = 0.2
real = frontend_probe.driver.compile_source
place = Span(path="module.py", line=1, column=1, end_line=1, end_column=2)


def broken(path, function=None):
    found = real(path, function)
    if path.name == "module.py":
        {body}
    return found


frontend_probe.driver.compile_source = broken
frontend_probe.main()
"""


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_compiler_is_found_out(name: str, tmp_path: Path) -> None:
    body, fault = BROKEN[name]
    module, program = tmp_path / "module.py", tmp_path / "program.py"
    module.write_text("def one(): return [1, 2]\n")
    program.write_text(PROGRAM.format(tests=str(Path(python_files.__file__).parent), body=body))
    unit = (str(module), str(module))
    (meeting,) = python_files.meet([unit], python_files.BYTES_EACH, program)
    assert any(fault in found for found in meeting.faults), meeting.faults
