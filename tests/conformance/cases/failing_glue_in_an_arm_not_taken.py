"""Failing glue in an arm not taken."""

RUNS = [{}, {"flag": False, "xs": [5]}, {"xs": []}]


def pipeline(xs: list[int] = [1, 2, 3], flag: bool = True):
    x = 1
    if not flag:
        x = xs[10]
    return x
