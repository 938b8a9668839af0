"""Some turns make a file and others None; a later step reads them (semantics 16 and 42)."""

from pathlib import Path

RUNS = [{}, {"ns": [0, 0]}, {"ns": []}]


def write(n: int) -> Path | None:
    if n == 0:
        return None
    path = Path(f"part-{n}.txt")
    path.write_text("x" * n)
    return path


def read(path: Path | None) -> str:
    return "nothing" if path is None else f"{path.name} {path.read_text()}"


def join(paths: list[Path | None]) -> str:
    return ",".join(read(path) for path in paths)


def pipeline(ns: list[int] = [2, 0, 1]):
    paths = [write(n) for n in ns]
    return join(paths), [read(path) for path in paths]
