"""The handler's step is told what went wrong (semantics 34)."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def picky(x: int) -> int:
    if x == 2:
        raise ValueError(f"not {x}")
    return x


def described(error: Exception) -> str:
    return type(error).__name__ + str(error)


def pipeline(n: int = 2):
    try:
        y = picky(n)
    except ValueError as e:
        y = described(e)
    return y
