"""Glue over results of steps that raises as Python does."""

RUNS = [{}, {"n": 0}]


def number(n: int) -> int:
    return n


def pipeline(n: int = 2):
    return 6 / number(n)
