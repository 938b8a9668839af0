"""Only the taken arm can fail the run; what is written after it does not run."""

RUNS = [{}, {"n": 3}]


def fail(n: int) -> int:
    raise ValueError(n)


def double(n: int) -> int:
    return n * 2


def pipeline(n: int = 1):
    if n > 2:
        y = fail(n)
    else:
        y = double(n)
    return double(y)
