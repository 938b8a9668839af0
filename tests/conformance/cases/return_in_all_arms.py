"""Return in all arms."""

RUNS = [{}, {"n": 7, "flag": False}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


def big(x: int) -> bool:
    return x > 2


def pipeline(n: int = 2, flag: bool = True):
    if big(n):
        return 1
    elif flag:
        return add(2)
    else:
        return 3
