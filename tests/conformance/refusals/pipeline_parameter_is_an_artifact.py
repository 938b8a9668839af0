from pathlib import Path


def count(tables: list[Path], more: Path | None, text: str) -> int:
    return len(tables)


def pipeline(
    tables: list[Path],  # error: HR104
    text: str,
    more: Path | None = None,
    others: list[Path] = [],
):
    return count(tables, more, text), count(others, more, text)
