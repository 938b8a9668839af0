"""A failed step fails the run, though one that does not need it succeeds (semantics 35)."""


def fail(n: int) -> int:
    raise ValueError(n)


def double(n: int) -> int:
    return n * 2


def pipeline(n: int = 1):
    unused = fail(n)
    return double(n)
