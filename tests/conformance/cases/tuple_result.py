"""Tuple result."""


def two(x: int) -> tuple[int, int]:
    return x, x + 1


def pipeline():
    a, b = two(3)
    return [b, a]
