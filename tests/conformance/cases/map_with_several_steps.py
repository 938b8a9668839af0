"""Map with several steps."""

RUNS = [{}, {"n": 7, "xs": [5]}, {"n": 0, "xs": []}]


def add(a: int, b: int = 1) -> int:
    return a + b


def double(x: int) -> int:
    return x * 2


def pipeline(n: int = 2, xs: list[int] = [1, 2, 3]):
    return [add(double(x), n) for x in xs]
