"""Try values that both need."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


def double(x: int) -> int:
    return x * 2


def picky(x: int) -> int:
    if x == 2:
        raise ValueError(f"not {x}")
    return x


def pipeline(n: int = 2):
    x = add(n)
    try:
        y = picky(x)
    except ValueError:
        y = double(x)
    return x, y
