"""Try another class."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def fail(x: int) -> int:
    raise ValueError(x)


def pipeline(n: int = 2):
    try:
        y = fail(n)
    except KeyError:
        y = 1
    return y
