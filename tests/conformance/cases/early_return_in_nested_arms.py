"""Early return in nested arms."""

RUNS = [{}, {"n": 7, "flag": False}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


def double(x: int) -> int:
    return x * 2


def big(x: int) -> bool:
    return x > 2


def pipeline(n: int = 2, flag: bool = True):
    if flag:
        if big(n):
            return double(n)
        y = 1
    else:
        y = 2
    return add(y)
