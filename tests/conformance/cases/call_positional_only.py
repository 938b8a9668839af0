"""Positional-only parameters, whose names are free for others."""


def scale(x: int, /, factor: int = 2, *, plus: int = 0) -> int:
    return x * factor + plus


def pipeline(x: int = 3):
    return scale(x), scale(x, 4), scale(scale(x), plus=1)
