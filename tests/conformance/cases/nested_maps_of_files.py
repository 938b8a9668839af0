"""Nested maps whose values are files: each arrives by its name, on both levels."""

from pathlib import Path

RUNS = [{}, {"names": []}]


def write(name: str, text: str = "") -> Path:
    Path(f"{name}.txt").write_text(f"{name} {text}")
    return Path(f"{name}.txt")


def parts(source: Path) -> list[str]:
    return list(source.stem)


def extend(source: Path, letter: str) -> Path:
    Path(f"{source.stem}-{letter}.txt").write_text(f"{source.read_text()}{letter}")
    return Path(f"{source.stem}-{letter}.txt")


def read(paths: list[Path], source: Path) -> list[str]:
    return [f"{path.name}: {path.read_text()}" for path in [*paths, source]]


def pipeline(names: list[str] = ["ab", "c"]):
    out = []
    for name in names:
        source = write(name)
        made = [extend(source, letter) for letter in parts(source)]
        out.append(read(made, source))
    return out
