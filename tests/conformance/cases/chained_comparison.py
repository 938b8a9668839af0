"""Chained comparison."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(n: int = 2):
    return 1 < add(n) < 5
