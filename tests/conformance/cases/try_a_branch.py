"""Try a branch."""

RUNS = [{}, {"n": 7, "flag": False}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


def double(x: int) -> int:
    return x * 2


def picky(x: int) -> int:
    if x == 2:
        raise ValueError(f"not {x}")
    return x


def pipeline(n: int = 2, flag: bool = True):
    try:
        if flag:
            y = picky(n)
        else:
            y = add(n)
        z = double(y)
    except ValueError:
        z = 0
    return z
