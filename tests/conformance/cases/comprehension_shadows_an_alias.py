"""Comprehension shadows an alias."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(xs: list[int] = [1, 2, 3]):
    x = add(1)
    y = x
    return [x + y for x in xs]
