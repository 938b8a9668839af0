"""A failure in one of two independent chains fails the run (semantics 18)."""


def double(x: int) -> int:
    return x * 2


def fail(x: int) -> int:
    raise ValueError(f"no {x}")


def pipeline(n: int = 1):
    a = double(n)
    b = fail(n)
    c = double(a)
    return c, double(b)
