"""Try a branch that keeps."""

RUNS = [{}, {"n": 7, "flag": False}, {"n": 0}]


def fail(x: int) -> int:
    raise ValueError(x)


def picky(x: int) -> int:
    if x == 2:
        raise ValueError(f"not {x}")
    return x


def pipeline(n: int = 2, flag: bool = True):
    y = 7
    try:
        if flag:
            y = picky(n)
        x = fail(n)
    except ValueError:
        pass
    return y
