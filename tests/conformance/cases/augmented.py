"""Augmented."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(n: int = 2):
    x = add(n)
    x += 1
    x *= 2
    return x
