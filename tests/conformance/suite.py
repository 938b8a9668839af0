"""The conformance suite: plain modules, and what CPython makes of each.

A case is a module in `cases/`, or a folder there whose main file is `flow.py`. It says in comments
which targets refuse it, and in the literal `RUNS` with which parameters it is called. What runs a
case, here or on an engine, takes a `Case` and a run and gives an `Outcome`. `semantics N` in a
case's docstring is a row of the list of constructs that mean something else on each engine.

A case that needs a place which several steps see makes it with `tempfile`: what runs the case sets
TMPDIR to a folder that all its steps share.
"""

import ast
import functools
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from headrace.compiler import driver
from headrace.compiler.diagnostics import Severity, Sink
from headrace.compiler.target import ManifestFile
from headrace.runtime import wire

FOLDER = Path(__file__).resolve().parent / "cases"
IMAGE = "registry.example.org/conformance:1"

Run: TypeAlias = dict[str, object]


@dataclass(frozen=True)
class Case:
    """A module at `path`, called once with each of `runs`.

    `refused` gives, for each target that cannot run it, the feature that this target lacks.
    """

    name: str
    path: Path
    runs: tuple[Run, ...]
    refused: dict[str, str]


@dataclass(frozen=True, eq=False)
class Outcome:
    """How a run ended.

    `result` is what the pipeline returned, as JSON has it; `error` is the exception that ended it,
    as the last line of a traceback, or empty. Where an engine leaves a run in neither state,
    `error` is all that it says. Two are equal when their texts are: 1, 1.0 and True differ, NaN is
    itself, and the order of keys counts.
    """

    state: Literal["succeeded", "failed", "neither"]
    result: Any
    error: str

    @property
    def text(self) -> str:
        """All of it, exactly."""
        return json.dumps([self.state, self.result, self.error])

    def __eq__(self, other: object) -> bool:
        """Whether both are the same, in every kind and digit."""
        return isinstance(other, Outcome) and self.text == other.text

    def __hash__(self) -> int:
        """Return the hash of the text."""
        return hash(self.text)


def succeeded(result: object) -> Outcome:
    """Return the outcome of a run that gave `result`, which is plain JSON."""
    return Outcome("succeeded", result, "")


def failed(error: str) -> Outcome:
    """Return the outcome of a run that `error` ended."""
    return Outcome("failed", None, error)


# --- the cases -----------------------------------------------------------------------------------


def _read(path: Path) -> Case:
    source = path.read_text(encoding="utf-8")
    refused = dict(re.findall(r"^# refused: (\w+) \((.+)\)$", source, re.MULTILINE))
    runs: tuple[Run, ...] = ({},)
    for statement in ast.parse(source).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="RUNS")], value=value):
                runs = tuple(ast.literal_eval(value))
    name = path.parent.name if path.name == "flow.py" else path.stem
    return Case(name, path, runs, refused)


def _cases() -> dict[str, Case]:
    paths = [*FOLDER.glob("*.py"), *FOLDER.glob("*/flow.py")]
    cases = sorted(map(_read, paths), key=lambda case: case.name)
    return {case.name: case for case in cases}


CASES: dict[str, Case] = _cases()


# --- what CPython gives --------------------------------------------------------------------------

_PROGRAM = """
import importlib, json, sys, tempfile, traceback
folder, name, parameters = sys.argv[1:]
from headrace.runtime import wire
from headrace.runtime.codecs import Artifacts
from headrace.runtime.store import open_store
given = {name: wire.decode(text) for name, text in json.loads(parameters).items()}
sys.path[0] = folder
try:
    result = importlib.import_module(name).pipeline(**given)
except Exception as error:
    lines = traceback.format_exception_only(type(error), error)
    told = ["failed", None, "".join(lines).strip().rpartition("\\n")[2]]
else:
    sys.set_int_max_str_digits(0)
    kept = Artifacts(open_store(tempfile.mkdtemp()), tempfile.mkdtemp)
    told = ["succeeded", wire.plain(wire.encode(result, kept), kept), ""]
print("\\n" + json.dumps(told))
"""


def expected(case: Case, run: Run) -> Outcome:
    """Return what CPython makes of `case` when it is called with the parameters `run`.

    A fresh interpreter imports the module and calls `pipeline`. The result is seen as `headrace
    run` shows it (`headrace.runtime.wire.plain`): a tuple as a list, a file as its digest.
    """
    return _expected(case.path, json.dumps(python_pipeline_parameters(run)))


@functools.cache
def _expected(path: Path, parameters: str) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", _PROGRAM, str(path.parent), path.stem, parameters]
        environment = os.environ | {"TMPDIR": folder}
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    return Outcome(*json.loads(done.stdout.splitlines()[-1]))


# --- what headrace makes of them -----------------------------------------------------------------


@functools.cache
def _compiled(path: Path, settings: tuple[str, ...]) -> driver.Compilation:
    return driver.compile_source(path, settings=settings)


def compiled(case: Case, *, inline: bool = False) -> driver.Compilation:
    """Return the compilation of `case`, with an image set; it may hold diagnostics."""
    settings = (f"image={IMAGE}",)
    return _compiled(case.path, (*settings, "code=inline") if inline else settings)


def emitted(
    case: Case, target: str, *, inline: bool = False
) -> tuple[tuple[ManifestFile, ...], list[str]]:
    """Return the manifest of `case` for `target`, and what stands in the way of one.

    `inline` has its code travel in ConfigMaps, which are then among the files. What stands in the
    way is told as the feature that the target refuses, or as code and message.

    Raises:
        InternalError: the target found its own manifest wrong.
    """
    own = replace(compiled(case, inline=inline), diagnostics=Sink())
    files = driver.emit(own, [target]).get(target, ())
    findings = {
        (d.label or "").removeprefix("needs: ") if d.code == "HR501" else f"{d.code}: {d.message}"
        for d in own.diagnostics
        if d.severity is Severity.ERROR
    }
    return files, sorted(findings)


def python_pipeline_parameters(run: Mapping[str, object]) -> dict[str, str]:
    """Return the JSON texts that start a run with the parameters `run` on a target.

    No engine finds anything of its own in them.
    """
    return {name: wire.encode(json.loads(json.dumps(value))) for name, value in run.items()}
