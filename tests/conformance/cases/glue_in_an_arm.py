"""Glue in an arm."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(n: int = 2):
    x = add(n)
    if x > 2:
        y = x * 2
    else:
        y = -x
    return y
