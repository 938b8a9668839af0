"""Append of failing glue."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def pipeline(xs: list[int] = [1, 2, 3]):
    out = []
    out.append(xs[10])
    return 1
