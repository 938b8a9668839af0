"""Raise a class."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def double(x: int) -> int:
    return x * 2


def big(x: int) -> bool:
    return x > 2


def pipeline(n: int = 2):
    if not big(n):
        raise KeyError
    return double(n)
