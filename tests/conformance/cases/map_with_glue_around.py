"""Map with glue around."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def double(x: int) -> int:
    return x * 2


def pipeline(xs: list[int] = [1, 2, 3]):
    return [double(x + 1) - 1 for x in xs]
