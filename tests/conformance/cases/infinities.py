"""Infinities."""


def double(x: float) -> float:
    return x * 2


def pipeline():
    return double(float("inf")), [1e999]
