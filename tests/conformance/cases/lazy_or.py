"""Lazy or."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def fail(x: int) -> int:
    raise ValueError(x)


def pipeline(n: int = 2):
    return (n > 2) or fail(n)
