"""A branch on the number beside a file, in a map; the file goes on."""

from pathlib import Path

RUNS = [{}, {"ns": []}, {"ns": [9]}]


def write(n: int) -> tuple[Path, int]:
    path = Path("n.txt")
    path.write_text("x" * n)
    return path, n


def read(path: Path) -> str:
    return path.read_text()


def pipeline(ns: list[int] = [1, 5]):
    out = []
    for n in ns:
        path, size = write(n)
        if size > 3:
            text = read(path)
        else:
            text = None
        out.append(text)
    return out
