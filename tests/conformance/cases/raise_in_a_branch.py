"""`raise` in an arm as a gate."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def double(x: int) -> int:
    return x * 2


def pipeline(n: int = 2):
    if n == 0:
        raise ValueError(f"n is {n}")
    return double(n)
