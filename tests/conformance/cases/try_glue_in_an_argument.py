"""Try glue in an argument."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(xs: list[int] = [1, 2, 3]):
    try:
        y = add(xs[1])
    except IndexError:
        y = -1
    return y
