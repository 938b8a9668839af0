"""Failing step."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def fail(x: int) -> int:
    raise ValueError(x)


def pipeline(n: int = 2):
    return fail(n)
