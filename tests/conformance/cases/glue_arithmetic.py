"""Glue arithmetic."""


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline():
    x = add(1)
    return -(x**2) + 7 // 2 - 7 % 4 * 1.5
