"""A Path to a file: the step that receives it reads the same content under the same name."""

from pathlib import Path


def write(text: str) -> Path:
    path = Path("notes.txt")
    path.write_bytes(text.encode())
    return path


def read(path: Path) -> list[str]:
    return [path.name, path.read_bytes().decode()]


def pipeline(text: str = "one\r\ntwo\n"):
    path = write(text)
    return read(path), path
