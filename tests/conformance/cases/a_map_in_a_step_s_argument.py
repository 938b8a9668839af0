"""A map in a step's argument."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def double(x: int) -> int:
    return x * 2


def total(values: list[int]) -> int:
    return sum(values)


def pipeline(xs: list[int] = [1, 2, 3]):
    return total([double(x) for x in xs])
