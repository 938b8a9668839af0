"""Finally of glue."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def double(x: int) -> int:
    return x * 2


def pipeline(n: int = 2):
    try:
        y = double(n)
    finally:
        z = n + 1
    return y, z
