"""A step may recurse, and fail by it."""


def factorial(n: int) -> int:
    return 1 if n < 2 else n * factorial(n - 1)


def pipeline(n: int = 30):
    return factorial(n)
