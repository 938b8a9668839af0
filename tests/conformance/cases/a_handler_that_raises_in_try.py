"""A handler that raises in try."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def picky(x: int) -> int:
    if x == 2:
        raise ValueError(f"not {x}")
    return x


def pipeline(n: int = 2):
    try:
        try:
            y = picky(n)
        except ValueError as e:
            raise KeyError(str(e))
    except KeyError as e:
        y = repr(e)
    return y
