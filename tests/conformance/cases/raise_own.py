"""Raise own."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def double(x: int) -> int:
    return x * 2


def big(x: int) -> bool:
    return x > 2


class Small(ValueError):
    def __init__(self, n: int, why: str):
        super().__init__(n, why)


def pipeline(n: int = 2):
    if not big(n):
        raise Small(n, why="small")
    return double(n)
