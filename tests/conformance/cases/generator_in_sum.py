"""Generator in sum."""

RUNS = [{}, {"n": 7, "xs": [5]}, {"n": 0, "xs": []}]


def add(a: int, b: int = 1) -> int:
    return a + b


def double(x: int) -> int:
    return x * 2


def pipeline(n: int = 2, xs: list[int] = [1, 2, 3]):
    return sum(double(x) for x in xs) + max((add(x) for x in [1, n]), key=None)
