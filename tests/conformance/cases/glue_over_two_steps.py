"""Glue over two steps."""


def add(a: int, b: int = 1) -> int:
    return a + b


def double(x: int) -> int:
    return x * 2


def pipeline():
    return add(1) + double(4)
