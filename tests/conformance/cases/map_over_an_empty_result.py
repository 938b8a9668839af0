"""A map over an empty list that a step gives; what follows runs (semantics 11)."""


def double(x: int) -> int:
    return x * 2


def numbers(n: int) -> list[int]:
    return list(range(n))


def pipeline():
    return [double(x) for x in numbers(0)] + [1]
