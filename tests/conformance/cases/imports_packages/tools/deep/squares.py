"""Numbers."""

LIMIT = 5


def square(n: int) -> int:
    return n * n
