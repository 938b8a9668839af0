"""Subscripts."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def numbers(n: int) -> list[int]:
    return list(range(n))


def pipeline(xs: list[int] = [1, 2, 3]):
    xs = numbers(6)
    return xs[1], xs[-1], xs[1:4], xs[::-1], {"a": 1}["a"]
