"""A Path to a folder: everything below it arrives, empty folders too."""

from pathlib import Path


def make(names: list[str]) -> Path:
    folder = Path("data")
    (folder / "inner" / "empty").mkdir(parents=True)
    for name in names:
        (folder / "inner" / name).write_text(name * 2)
    return folder


def listing(folder: Path) -> list[str]:
    return sorted(f"{p.relative_to(folder)} {p.is_dir()}" for p in folder.rglob("*"))


def contents(folder: Path) -> str:
    return "|".join(p.read_text() for p in sorted(folder.rglob("*.txt")))


def pipeline(names: list[str] = ["b.txt", "a.txt"]):
    folder = make(names)
    return folder, folder, listing(folder), contents(folder)
