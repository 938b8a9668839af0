"""Conditional expression."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


def double(x: int) -> int:
    return x * 2


def big(x: int) -> bool:
    return x > 2


def pipeline(n: int = 2):
    return double(n) if big(n) else add(n)
