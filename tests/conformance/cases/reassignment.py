"""Reassignment."""


def add(a: int, b: int = 1) -> int:
    return a + b


def double(x: int) -> int:
    return x * 2


def pipeline():
    x = add(1)
    x = double(x)
    y = x
    x = add(x)
    return x, y
