"""Keyword names."""


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline():
    lambda_ = add(1)
    return lambda_
