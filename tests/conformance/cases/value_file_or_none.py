"""An artifact that may be absent: a Path or None (semantics 42)."""

from pathlib import Path

RUNS = [{}, {"wanted": False}]


def report(wanted: bool) -> Path | None:
    if not wanted:
        return None
    path = Path("report.txt")
    path.write_text("all well")
    return path


def read(path: Path | None) -> str:
    return "nothing" if path is None else path.read_text()


def pipeline(wanted: bool = True):
    path = report(wanted)
    return read(path), [read(p) for p in [path, path]], {"path": path}["path"] is None
