"""Chained assignment."""


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline():
    x = y = add(2)
    return x + y
