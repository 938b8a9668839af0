"""A step in the right operand runs only when Python would run it."""

RUNS = [{}, {"n": 0}, {"n": 3}]


def fail(n: int) -> bool:
    raise RuntimeError(f"never {n}")


def big(n: int) -> bool:
    return n > 2


def pipeline(n: int = 1):
    if n == 1:
        return n == 1 or fail(n)
    elif n == 0:
        return big(n) and fail(n)
    return not big(n) and fail(n) or big(n)
