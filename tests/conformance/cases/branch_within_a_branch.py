"""Branch within a branch."""

RUNS = [{}, {"n": 7, "flag": False}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


def big(x: int) -> bool:
    return x > 2


def pipeline(n: int = 2, flag: bool = True):
    y = 0
    if big(n):
        if flag:
            y = add(n)
    return y
