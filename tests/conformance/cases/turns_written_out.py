"""Turns written out."""


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline():
    x = 1
    for i in [1, 2, 3]:
        x = add(x, i)
    return x
