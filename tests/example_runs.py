"""The pipelines in `examples/`, and the ways to run one."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "examples"
NAMES = ("digits", "digits_hosts", "digits_torch", "shout", "word_counts")
TORCH_PYTHON = ROOT / ".venvs" / "torch" / "bin" / "python"

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Sums in another order have other last digits: what is compared is computed by one thread."""


def manifest(file: Path, target: str, out: Path) -> Path:
    """Compile the pipeline in `file` for `target` into `out`; return the manifest's path.

    What starts runs by itself is in a file of its own. The image is one with the code: whoever runs
    the manifest here has that in a folder.
    """
    image = "--set=image=registry.example/image-with-the-code:1"
    headrace(sys.executable, "compile", file, "--target", target, "--out", out, image)
    kinds = (".cronworkflow.yaml", ".recurring-run.yaml")
    (written,) = (p for p in (out / target).iterdir() if not p.name.endswith(kinds))
    return written


def python_result(
    file: Path, parameters: Mapping[str, object], folder: Path, python: str | Path = sys.executable
) -> Any:
    """Return what calling `pipeline` of the module in `file` gives, as JSON has it."""
    program = (
        f"import sys, json; sys.path.insert(0, {str(file.parent)!r}); import {file.stem} as module;"
        "print('\\n' + json.dumps(module.pipeline(**json.loads(sys.argv[1]))))"
    )
    command = [str(python), "-c", program, json.dumps(dict(parameters))]
    done = _run(command, folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def local_result(
    file: Path, parameters: Mapping[str, object], folder: Path, python: str | Path = sys.executable
) -> Any:
    """Return the result of `headrace run`, which must succeed."""
    given = [f"--param={name}={_written(value)}" for name, value in parameters.items()]
    return _result(headrace(python, "run", file, "--json", *given, folder=folder))


def submitted_result(file: Path, *options: str) -> Any:
    """Return the result of `headrace submit`, which must succeed; `options` say to which engine."""
    return _result(headrace(sys.executable, "submit", file, "--wait", "--json", *options))


def headrace(python: str | Path, *arguments: str | Path, folder: Path | None = None) -> str:
    """Run the `headrace` beside the interpreter `python`; return what it printed on stdout."""
    command = [str(Path(python).with_name("headrace")), *map(str, arguments)]
    done = _run(command, folder)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def json_texts(parameters: Mapping[str, object]) -> dict[str, str]:
    """Return `parameters` as an engine takes them."""
    return {name: json.dumps(value, ensure_ascii=False) for name, value in parameters.items()}


def _result(printed: str) -> Any:
    answer = json.loads(printed)
    assert set(answer) == {"state", "result", "run", "steps"}
    assert answer["state"] == "succeeded"
    return answer["result"]


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _run(command: list[str], folder: Path | None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | ONE_THREAD | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
