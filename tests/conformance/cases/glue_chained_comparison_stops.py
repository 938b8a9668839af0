"""A chained comparison evaluates each operand once, and stops at the first that is false."""

RUNS = [{}, {"n": 5}]


def number(n: int) -> int:
    return n


def fail() -> int:
    raise RuntimeError("never")


def pipeline(n: int = 1):
    return 3 < number(n) < 2 or 0 < number(n) <= 5, n > 100 and n < fail() < 3
