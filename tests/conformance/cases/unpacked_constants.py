"""Unpacked constants."""


def double(x: int) -> int:
    return x * 2


def pipeline():
    a, b = 1, double(2)
    b, a = a, b
    return a, b
