"""Slices of lists and texts, with steps' results as bounds."""


def numbers(n: int) -> list[int]:
    return list(range(n))


def bound(n: int) -> int:
    return n - 2


RUNS = [{}, {"n": 2}, {"n": 0}]


def pipeline(n: int = 6):
    xs = numbers(n)
    k = bound(n)
    return xs[:k], xs[k:], xs[-2:], xs[::2], xs[k:0:-1], "abcdef"[:k], xs[1:][:1]
