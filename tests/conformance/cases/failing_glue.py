"""Failing glue."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def pipeline(xs: list[int] = [1, 2, 3]):
    x = xs[10]
    return 1
