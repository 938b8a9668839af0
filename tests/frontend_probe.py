"""Lets the frontend meet Python files, one after the other, and watches that none of them runs.

A program for a process of its own (an audit hook cannot be removed). On its standard input it takes
the JSON of a `Task`; for each file it prints the JSON of a `Meeting` on a line.
"""

import faulthandler
import hashlib
import json
import os
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from headrace.compiler import codes, driver, render
from headrace.compiler.diagnostics import Diagnostic
from headrace.compiler.source import SourceFile, Span

MOST_FUNCTIONS = 40
LONGEST = 20.0
"""Seconds of processor time that compiling one function may take; a hundred times what is usual."""
LONGEST_FILE = 600.0
"""Seconds after which the process ends, whatever it is busy with."""
MOST_MEMORY = 4 * 2**30


@dataclass
class Task:
    """What to meet: pairs of a file and of what of its surroundings is to be there.

    The latter is the file itself, or the folder of the package that it is in. Each function is
    compiled from the file's text; `most_bytes` is how much of it is read in all. `seed` decides
    which functions that leaves.
    """

    files: list[tuple[str, str]]
    most_bytes: int
    seed: str


@dataclass
class Meeting:
    """What became of one file; `faults` are what is wrong with the compiler, none when all is well.

    `seconds` of processor time are for all functions together, `size` is the file's in bytes,
    `codes` counts the functions that were refused with each code.
    """

    path: str
    size: int = 0
    seconds: float = 0.0
    functions: int = 0
    compiled: int = 0
    codes: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


class TooLong(BaseException):
    """A function took the compiler too long; not an `Exception`, which the compiler may catch."""


# --- that nothing runs ---------------------------------------------------------------------------

_OWN = tuple(
    str(Path(sys.modules[name].__file__ or "").resolve().parent) + os.sep
    for name in ("headrace.compiler", "encodings")
)
_FORBIDDEN = (
    *("subprocess.", "socket.", "shutil.", "os.system", "os.exec", "os.fork", "os.posix_spawn"),
    *("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.truncate", "os.putenv", "os.chdir"),
    *("os.link", "os.symlink", "os.kill", "ctypes.", "tempfile.", "webbrowser.", "urllib."),
)


def _is_own(module: str) -> bool:
    """Whether the compiler loads `module`: a part of it, or what decodes an encoding."""
    top = module.partition(".")[0]
    return top in ("headrace", "encodings") or top.startswith(("_codecs", "_multibytecodec"))


class Watch:
    """An audit hook that notes what compiling must not do, while it is on."""

    def __init__(self) -> None:
        self.on = False
        self.seen: list[str] = []

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        match event:
            case "exec":
                file = getattr(arguments[0], "co_filename", "?")
                # Constants are computed at compile time, from a short list of harmless nodes.
                if file != "<constant>" and not file.startswith((*_OWN, "<frozen ")):
                    self.seen.append(f"ran {file}")
            case "import":
                if not _is_own(arguments[0]):
                    self.seen.append(f"imported {arguments[0]}")
            case "open":
                mode, flags = arguments[1], arguments[2]
                writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
                if writes or set(mode or "r") & set("wax+"):
                    self.seen.append(f"wrote {arguments[0]}")
            case _:
                if event.startswith(_FORBIDDEN):
                    self.seen.append(f"{event}{arguments!r:.100}")

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note what happens inside."""
        self.on = True
        try:
            yield
        finally:
            self.on = False


def _stop(*_: object) -> None:
    raise TooLong


@contextmanager
def limited() -> Iterator[None]:
    """Raise `TooLong` after `LONGEST`."""
    signal.setitimer(signal.ITIMER_PROF, LONGEST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


# --- what the compiler says ----------------------------------------------------------------------


def faults_of(compilation: driver.Compilation, path: Path) -> Iterator[str]:
    """Yield what is wrong with what the compiler says of the file at `path`, whatever is in it."""
    found = list(compilation.diagnostics)
    if (compilation.pipeline is None) != compilation.diagnostics.failed:
        yield f"a pipeline and an error, or neither: {[d.code for d in found]}"
    for diagnostic in found:
        if diagnostic.code not in codes.CODES:
            yield f"unknown code {diagnostic.code}"
        if diagnostic.span is None:
            yield f"{diagnostic.code} without a place: {diagnostic.message}"
        for span in _spans(diagnostic):
            source = compilation.sources.get(span.path) or _undecodable(path, diagnostic.code)
            wrong = misplaced(span, source) if source else "of no file that was read"
            if wrong:
                yield f"{diagnostic.code} at {span!r}: {wrong}"
    for text in (
        render.as_text(found, compilation.sources, colour=True),
        render.as_json(found),
        render.as_github(found),
    ):
        if not all(diagnostic.code in text for diagnostic in found):
            yield "a diagnostic is missing in what is shown"


def _spans(diagnostic: Diagnostic) -> Iterator[Span]:
    if diagnostic.span:
        yield diagnostic.span
    yield from (related.span for related in diagnostic.related)


def _undecodable(path: Path, code: str) -> SourceFile | None:
    """Return the file at `path` as far as it is a text: that it is none is what `code` says."""
    text = path.read_text(encoding="latin-1")
    return SourceFile(path, path.name, text) if code == "HR101" else None


def misplaced(span: Span, source: SourceFile) -> str:
    """Return why `span` is no place in `source`; nothing if it is one."""
    end = (span.end_line or span.line, span.end_column or span.column)
    for line, column in ((span.line, span.column), end):
        if not 1 <= line <= len(source.lines):
            return f"the file has {len(source.lines)} lines"
        if not 1 <= column <= len(source.line(line)) + 2:
            return f"line {line} has {len(source.line(line))} characters"
    return "ends before it starts" if end < (span.line, span.column) else ""


# --- meeting files -------------------------------------------------------------------------------


def functions_of(data: bytes, most: int, seed: str) -> list[str]:
    """Return `most` of the functions at the top of a module, `pipeline` where there is none."""
    # Cheaper than a tree, and a name from within a text is one that the compiler must refuse.
    found = re.findall(r"^def\s+(\w+)", data.decode(errors="replace"), re.MULTILINE)

    def chance(name: str) -> bytes:
        return hashlib.sha256(f"{seed} {name}".encode()).digest()

    return sorted(dict.fromkeys(found), key=chance)[:most] or ["pipeline"]


def meet(path: Path, names: list[str], meeting: Meeting, watch: Watch) -> None:
    """Compile each function of the file at `path` that is in `names`, and note what happened."""
    counts: Counter[str] = Counter()
    loaded = set(sys.modules)
    for name in names:
        watch.seen.clear()
        faults: list[str] = []
        start = time.process_time()
        try:
            with limited(), watch.watching():
                compilation = driver.compile_source(path, name)
            meeting.seconds += time.process_time() - start
            faults += faults_of(compilation, path)
            meeting.compiled += compilation.pipeline is not None
            counts.update({diagnostic.code for diagnostic in compilation.diagnostics})
        except TooLong:
            faults.append(f"took longer than {LONGEST} s of processor time\n{_where()}")
        except Exception:
            faults.append(_where())
        faults += watch.seen
        meeting.functions += 1
        meeting.faults += (f"{name}: {fault}" for fault in faults)
    new = {name for name in set(sys.modules) - loaded if not _is_own(name)}
    meeting.faults += [f"modules were loaded: {sorted(new)}"] if new else []
    meeting.codes = dict(counts)


def _where() -> str:
    lines = traceback.format_exc().splitlines()
    return "\n".join([*lines[:3], "...", *lines[-12:]] if len(lines) > 15 else lines)


def main() -> None:
    """Meet the files that standard input names."""
    task = Task(**json.load(sys.stdin))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    signal.signal(signal.SIGPROF, _stop)
    sys.dont_write_bytecode = True
    watch = Watch()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        warm_up(folder)
        sys.addaudithook(watch)
        for file, unit in task.files:
            faulthandler.dump_traceback_later(LONGEST_FILE, exit=True)
            data = Path(file).read_bytes()
            meeting = Meeting(file, len(data))
            most = max(1, min(MOST_FUNCTIONS, task.most_bytes // (len(data) + 1)))
            # Where it stands, everything installed beside it would be of its project.
            link = folder / Path(unit).name
            link.symlink_to(unit)
            meet(
                link / Path(file).relative_to(unit) if file != unit else link,
                functions_of(data, most, task.seed),
                meeting,
                watch,
            )
            link.unlink()
            print(json.dumps(asdict(meeting)), flush=True)


def warm_up(folder: Path) -> None:
    """Load what compiling loads on its first use, so that later imports are a file's own doing."""
    path = folder / "warm_up.py"
    path.write_text(
        "def one(x): return x\n"
        "def pipeline(n: int = 1):\n    if one(n) > 1:\n        n = [one(x) for x in [1, n]]\n"
        "    return n\n"
    )
    assert driver.compile_source(path).pipeline is not None
    path.write_text("def pipeline(): return é + unknwn\n", encoding="utf-8")
    assert not list(faults_of(driver.compile_source(path), path))
    path.unlink()


if __name__ == "__main__":
    main()
