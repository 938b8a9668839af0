"""Raise in a loop."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def pipeline(xs: list[int] = [1, 2, 3]):
    for x in xs:
        if x > 4:
            raise ValueError(x)
    return 1
