"""A step whose data are spoiled before it starts, a cleanup, and a step that needs its result."""

import tempfile
from pathlib import Path

DATA = b"good data"


def make() -> Path:
    """Return a file."""
    path = Path("data.txt")
    path.write_bytes(DATA)
    return path


def spoil(fault: str, data: Path) -> bool:
    """Do to the file of `data` in the store what `fault` says; tell whether it was there."""
    files = [path for path in (Path(tempfile.gettempdir()) / "store").rglob("*") if path.is_file()]
    found = [path for path in files if path.read_bytes() == DATA]
    for path in found:
        path.unlink()
        if fault == "bytes":
            path.write_text("worse data")
        elif fault == "folder":
            path.mkdir()
        elif fault == "loop":
            path.symlink_to(path)
    return bool(found)


def work(data: Path, spoiled: bool) -> str:
    """Return what the file holds."""
    assert spoiled
    return data.read_text()


def release() -> None:
    """Leave a mark that tells that the cleanup ran."""
    (Path(tempfile.gettempdir()) / "released").touch()


def follow(found: str) -> str:
    """Leave a mark that tells that the run went on."""
    (Path(tempfile.gettempdir()) / "followed").touch()
    return found


def pipeline(fault: str = "") -> str:
    """Clean up whatever happens, and go on only if nothing did."""
    data = make()
    spoiled = spoil(fault, data)
    try:
        found = work(data, spoiled)
    finally:
        release()
    return follow(found)
