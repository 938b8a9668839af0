from pathlib import Path

TEXTS = Path(__file__).resolve().parent / "texts"


def read(title: str) -> str:
    """Return the text called `title`."""
    return (TEXTS / f"{title}.txt").read_text(encoding="utf-8")
