"""Return in a handler."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def double(x: int) -> int:
    return x * 2


def picky(x: int) -> int:
    if x == 2:
        raise ValueError(f"not {x}")
    return x


def pipeline(n: int = 2):
    try:
        y = picky(n)
    except ValueError:
        return -1
    return double(y)
