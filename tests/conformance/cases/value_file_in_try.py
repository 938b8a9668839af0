"""An artifact made in `try`, or another in the handler."""

from pathlib import Path

RUNS = [{}, {"n": 0}]


def write(n: int) -> Path:
    path = Path("try.txt")
    path.write_text(str(1 / n))
    return path


def other(text: str) -> Path:
    path = Path("except.txt")
    path.write_text(text)
    return path


def read(path: Path) -> str:
    return f"{path.name} {path.read_text()}"


def pipeline(n: int = 4):
    try:
        path = write(n)
    except ZeroDivisionError as error:
        path = other(str(error))
    return read(path)
