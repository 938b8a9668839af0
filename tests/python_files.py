"""The Python files of this interpreter and of the test environments, for the frontend to meet."""

import hashlib
import json
import os
import subprocess
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import environments
import frontend_probe
from frontend_probe import Meeting, Task

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "build" / "python-files.tsv"
SHARDS = 12
SEED = "0"
"""Decides which files are looked at, and which functions of a file, the same everywhere."""
SAMPLE = 10_000
BYTES_EACH, BYTES_EACH_WHOLE = 50_000, 400_000
"""How many bytes of a file are read in all: each of its functions is compiled from the text."""
PACKAGES, PACKAGES_WHOLE = 100, 1_000
FILES_OF_A_PACKAGE, LARGEST_PACKAGE = 3, 100
"""How many files of a package to meet, and how many it may have: all may be read for each."""

Unit = tuple[str, str]
"""A file, and what of its surroundings is to be there, as `frontend_probe.Task` has it."""


@cache
def standard_library() -> tuple[str, ...]:
    """Return the files of the interpreter's own library."""
    return tuple(_below(sysconfig.get_path("stdlib")))


@cache
def installed() -> tuple[str, ...]:
    """Return the files of all environments; one that several of them have is there once."""
    found: dict[tuple[str, int], str] = {}
    for folder in sorted(map(str, environments.FOLDER.glob("*/lib/python*/site-packages"))):
        for path in _below(folder):
            found.setdefault((path[len(folder) :], os.stat(path).st_size), path)
    return tuple(found.values())


def _below(top: str) -> Iterator[str]:
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name != "site-packages")
        paths = (os.path.join(folder, name) for name in sorted(names) if name.endswith(".py"))
        yield from filter(os.path.isfile, paths)


def _by_chance(paths: Iterable[str]) -> list[str]:
    """Return `paths` in an order that depends on their names and nothing else."""

    def key(path: str) -> bytes:
        name = path.rpartition(f"{os.sep}site-packages{os.sep}")[2]
        return hashlib.sha256(f"{SEED} {name}".encode()).digest()

    return sorted(paths, key=key)


@cache
def files_alone(whole: bool) -> tuple[Unit, ...]:
    """Return the files to meet alone: the interpreter's library, and others to `SAMPLE` or all."""
    library, others = standard_library(), _by_chance(installed())
    chosen = others if whole else others[: max(0, SAMPLE - len(library))]
    return tuple((file, file) for file in (*library, *chosen))


@cache
def files_in_packages(whole: bool) -> tuple[Unit, ...]:
    """Return files to meet together with the packages that they are part of."""
    packages: dict[str, list[str]] = {}
    for file in (*standard_library(), *installed()):
        package = None
        folder = os.path.dirname(file)
        while os.path.isfile(os.path.join(folder, "__init__.py")):
            package, folder = folder, os.path.dirname(folder)
        if package:
            packages.setdefault(package, []).append(file)
    small = [name for name, files in packages.items() if 1 < len(files) <= LARGEST_PACKAGE]
    chosen = _by_chance(small)[: PACKAGES_WHOLE if whole else PACKAGES]
    return tuple(
        (file, package)
        for package in chosen
        for file in _by_chance(packages[package])[:FILES_OF_A_PACKAGE]
    )


def meet(
    files: Sequence[Unit], most_bytes: int, program: Path = Path(frontend_probe.__file__)
) -> list[Meeting]:
    """Let the frontend meet `files`, in processes of `program` that it may take down."""
    meetings: list[Meeting] = []
    while len(meetings) < len(files):
        task = Task([*files[len(meetings) :]], most_bytes, SEED)
        done = subprocess.run(
            [sys.executable, program],
            input=json.dumps(asdict(task)),
            capture_output=True,
            text=True,
            check=False,
        )
        meetings += (Meeting(**json.loads(line)) for line in done.stdout.splitlines())
        if len(meetings) < len(files):
            said = "\n".join(done.stderr.splitlines()[-30:])
            fault = f"the process ended with {done.returncode}\n{said}"
            meetings.append(Meeting(files[len(meetings)][0], faults=[fault]))
    return meetings


def report(rows: Sequence[dict[str, Any]]) -> str:
    """Write the time of each file, the slowest first, and return a line about all of them."""
    meetings = sorted((Meeting(**row) for row in rows), key=lambda m: -m.seconds)
    REPORT.parent.mkdir(exist_ok=True)
    lines = [
        f"{m.seconds:.3f}\t{m.functions}\t{m.compiled}\t{m.size}\t{m.path}\n" for m in meetings
    ]
    REPORT.write_text("seconds\tfunctions\tcompiled\tbytes\tfile\n" + "".join(lines))
    codes: Counter[str] = Counter()
    for meeting in meetings:
        codes.update(meeting.codes)
    functions = sum(m.functions for m in meetings)
    return (
        f"the frontend met {functions} functions of {len(meetings)} Python files in "
        f"{sum(m.seconds for m in meetings):.0f} s: {sum(m.compiled for m in meetings)} compiled, "
        f"refused by {', '.join(f'{code} {n}' for code, n in codes.most_common())}; slowest "
        f"{meetings[0].seconds:.1f} s {Path(meetings[0].path).name}; all in "
        f"{REPORT.relative_to(ROOT)}"
    )
