"""Lazy glue."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def pipeline(n: int = 2):
    return n == 0 or 1 / n
