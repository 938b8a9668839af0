"""Expressions that format dates, which Python does with modules that it imports on the way."""

from datetime import date, datetime


def day() -> date:
    return date(2025, 3, 1)


def moment() -> datetime:
    return datetime(2025, 3, 1, 14, 5)


def load(path: str) -> str:
    return path.upper()


def pipeline(n: int = 1):
    return load(f"data/{day():%Y/%m/%d}.csv"), f"{moment():%H:%M}", str(day())
