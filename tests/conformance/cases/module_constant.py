"""Module constant."""

LIMIT = 3


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline():
    return add(LIMIT, 1) + LIMIT
