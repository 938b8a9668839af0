"""`assert` of a comparison, with an f-string."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


def double(x: int) -> int:
    return x * 2


def pipeline(n: int = 2):
    x = add(n)
    assert x > 2, f"{x} is small"
    return double(x)
