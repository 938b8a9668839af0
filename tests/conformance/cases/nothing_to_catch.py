"""Nothing to catch."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(n: int = 2):
    try:
        y = n
    except ValueError:
        y = 1
    else:
        y = add(y)
    return y
