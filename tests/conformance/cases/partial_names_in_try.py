"""A name bound in `try` before the exception keeps its new value."""

RUNS = [{}, {"n": 4}]


def invert(n: int) -> float:
    return 1 / n


def pipeline(n: int = 0):
    y, z = 1.0, 2.0
    try:
        y = invert(2)
        z = invert(n)
        y = invert(5)
    except ZeroDivisionError:
        pass
    return y, z
