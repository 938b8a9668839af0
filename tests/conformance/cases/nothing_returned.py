"""A pipeline without a return gives None."""


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline():
    add(1)
