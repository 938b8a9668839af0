"""Failing glue used lazily."""

RUNS = [{}, {"n": 7, "xs": [5]}, {"n": 0, "xs": []}]


def pipeline(n: int = 2, xs: list[int] = [1, 2, 3]):
    x = xs[10]
    return n == 2 or x
