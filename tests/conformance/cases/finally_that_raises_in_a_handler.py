"""Finally that raises in a handler."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def fail(x: int) -> int:
    raise ValueError(x)


def picky(x: int) -> int:
    if x == 2:
        raise ValueError(f"not {x}")
    return x


def pipeline(n: int = 2):
    try:
        try:
            y = picky(n)
        finally:
            z = fail(n)
    except ValueError as e:
        y = str(e)
    return y
