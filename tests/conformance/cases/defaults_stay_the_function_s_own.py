"""Defaults stay the function's own."""


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline():
    return add(1)
