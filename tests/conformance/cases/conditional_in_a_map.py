"""Conditional in a map."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def add(a: int, b: int = 1) -> int:
    return a + b


def double(x: int) -> int:
    return x * 2


def pipeline(xs: list[int] = [1, 2, 3]):
    return [double(x) if x > 1 else add(x) for x in xs]
