"""A map over the list that a step gives (semantics 10)."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def double(x: int) -> int:
    return x * 2


def numbers(n: int) -> list[int]:
    return list(range(n))


def pipeline(n: int = 2):
    return [double(x) for x in numbers(n)]
