"""Try nested calls."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


def picky(x: int) -> int:
    if x == 2:
        raise ValueError(f"not {x}")
    return x


def pipeline(n: int = 2):
    try:
        y = add(picky(n), picky(add(n)))
    except ValueError as e:
        y = str(e)
    return y
