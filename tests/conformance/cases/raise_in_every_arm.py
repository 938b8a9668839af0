"""Raise in every arm."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


def big(x: int) -> bool:
    return x > 2


def pipeline(n: int = 2):
    if big(n):
        raise ValueError(1)
    else:
        raise KeyError(2)
    return add(1)
