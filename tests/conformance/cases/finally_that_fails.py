"""Finally that fails."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


def fail(x: int) -> int:
    raise ValueError(x)


def pipeline(n: int = 2):
    try:
        y = add(n)
    finally:
        fail(n)
    return y
