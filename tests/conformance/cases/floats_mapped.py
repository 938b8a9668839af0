"""Floats."""


def double(x: float) -> float:
    return x * 2


def pipeline():
    return [double(x) for x in [3.0, -0.0, 1e300, 1e16, 0.1]]
