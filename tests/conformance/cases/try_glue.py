"""Try glue."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(xs: list[int] = [1, 2, 3]):
    try:
        x = xs[2]
        y = add(x)
    except IndexError:
        y = -1
    return y
