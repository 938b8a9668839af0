"""Builtins."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def numbers(n: int) -> list[int]:
    return list(range(n))


def pipeline(xs: list[int] = [1, 2, 3]):
    xs = numbers(4)
    return max(xs), sum(xs), len(xs), sorted(xs, reverse=True)
