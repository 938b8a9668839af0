"""Try in a handler."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def fail(x: int) -> int:
    raise ValueError(x)


def picky(x: int) -> int:
    if x == 2:
        raise ValueError(f"not {x}")
    return x


def pipeline(n: int = 2):
    try:
        y = picky(n)
    except ValueError:
        try:
            y = fail(n)
        except ValueError as e:
            y = str(e)
    return y
