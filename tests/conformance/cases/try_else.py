"""Try else."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def double(x: int) -> int:
    return x * 2


def picky(x: int) -> int:
    if x == 2:
        raise ValueError(f"not {x}")
    return x


def pipeline(n: int = 2):
    try:
        x = picky(n)
    except ValueError:
        y = 1
    else:
        y = double(x)
    return y
