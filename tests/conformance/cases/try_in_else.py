"""Try in else."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


def picky(x: int) -> int:
    if x == 2:
        raise ValueError(f"not {x}")
    return x


def pipeline(n: int = 2):
    try:
        x = add(n)
    except ValueError:
        y = 1
    else:
        y = picky(x)
    return y
