"""Map whose variable is a name."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def double(x: int) -> int:
    return x * 2


def pipeline(xs: list[int] = [1, 2, 3]):
    x = 5
    ys = [double(x) for x in xs]
    return x, ys
