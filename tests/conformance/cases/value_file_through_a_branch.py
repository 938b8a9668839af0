"""An artifact that one of two arms makes, and a later step reads (semantics 6 and 41)."""

from pathlib import Path

RUNS = [{}, {"big": False}]


def write(text: str) -> Path:
    path = Path("out.txt")
    path.write_text(text)
    return path


def append(path: Path, text: str) -> Path:
    new = Path("more.txt")
    new.write_text(path.read_text() + text)
    return new


def read(path: Path) -> str:
    return f"{path.name}:{path.read_text()}"


def pipeline(big: bool = True):
    path = write("a")
    if big:
        path = append(append(path, "b"), "c")
    return read(path), path
