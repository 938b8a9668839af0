"""Unpacking in a list."""


def loose(x: int):
    return x, str(x)


def pipeline():
    [a, b] = loose(4)
    return (b, a)
