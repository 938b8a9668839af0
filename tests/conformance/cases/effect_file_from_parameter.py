"""A file whose path a run's parameter names, in a folder that a step makes."""

import tempfile
from pathlib import Path


def folder() -> str:
    return tempfile.mkdtemp()


def append(folder: str, name: str, text: str) -> None:
    with open(Path(folder) / name, "a", encoding="utf-8") as file:
        file.write(text)


def read(folder: str, name: str) -> str:
    return (Path(folder) / name).read_text(encoding="utf-8")


RUNS = [{}, {"name": "ä b.txt"}]


def pipeline(name: str = "log.txt"):
    place = folder()
    append(place, name, "one ")
    append(place, name, "two ")
    x = read(place, name)
    append(place, name, x)
    return read(place, name)
