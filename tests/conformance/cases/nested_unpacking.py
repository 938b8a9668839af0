"""Unpacking of tuples in tuples, and in the targets of loops."""


def nested(n: int):
    return (n, (n + 1, [n + 2, n + 3])), "x"


def add(a: int, b: int) -> int:
    return a + b


def pipeline(n: int = 1):
    (a, (b, [c, d])), e = nested(n)
    sums = [add(x, y) for x, (y, _) in [(1, (2, 3)), (4, (5, 6))]]
    return a, b, c, d, e, sums
