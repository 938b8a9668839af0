"""`try` inside a cleanup, and a cleanup inside a handler."""

RUNS = [{}, {"n": 2}]


def invert(n: int) -> float:
    return 1 / n


def work(n: int) -> int:
    return n


def pipeline(n: int = 0):
    try:
        y = work(n)
    finally:
        try:
            z = invert(n)
        except ZeroDivisionError:
            z = -1.0
    return y, z
