"""Conditional glue."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def pipeline(n: int = 2):
    return n if n > 2 else -n
