"""The same step again in the handler, with other arguments."""


def invert(n: int) -> float:
    return 1 / n


RUNS = [{}, {"n": 4}]


def pipeline(n: int = 0):
    try:
        y = invert(n)
    except ZeroDivisionError:
        try:
            y = invert(n * 2)
        except ZeroDivisionError:
            y = invert(n + 1)
    return y
