"""Map over a map."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def add(a: int, b: int = 1) -> int:
    return a + b


def double(x: int) -> int:
    return x * 2


def pipeline(xs: list[int] = [1, 2, 3]):
    a = [double(x) for x in xs]
    return [add(x, y) for x, y in zip(a, xs)]
