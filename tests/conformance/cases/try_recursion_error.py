"""A step that calls itself without an end raises RecursionError, and the pipeline goes on."""

RUNS = [{}, {"n": 0}]


def rec(n: int) -> int:
    return rec(n) + 1 if n else 0


def fb() -> int:
    return -1


def pipeline(n: int = 1):
    try:
        y = rec(n)
    except RecursionError:
        y = fb()
    return y
