"""Conditions in an arm that is not taken are never evaluated (semantics 4 and 5)."""

RUNS = [{}, {"n": 5}, {"n": -1}]


def rows(n: int) -> list[int]:
    return [n]


def fail(n: int) -> bool:
    raise RuntimeError("never")


def pipeline(n: int = 1):
    xs = rows(n)
    y = 0
    if n == 0:
        if xs[7] > 1:
            y = rows(y)[3]
        elif fail(xs[8]):
            y = 1
        for x in rows(xs[9]):
            fail(x)
    elif n > 2:
        y = rows(n)[0]
    return y, xs
