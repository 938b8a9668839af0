"""A module beside the main file."""

from tools.deep import squares


def halve(n: int) -> float:
    return n / 2


def nothing() -> int:
    return squares.square(0)
