"""Try lazily."""

RUNS = [{}, {"n": 7, "flag": False}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


def picky(x: int) -> int:
    if x == 2:
        raise ValueError(f"not {x}")
    return x


def pipeline(n: int = 2, flag: bool = True):
    try:
        y = flag and picky(n) or add(n)
    except ValueError:
        y = 0
    return y
