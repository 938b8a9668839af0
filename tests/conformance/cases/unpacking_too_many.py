"""Unpacking too many."""


def loose(x: int):
    return x, str(x)


def pipeline():
    a, b, c = loose(3)
    return a
