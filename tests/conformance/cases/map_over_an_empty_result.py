"""Map over an empty result."""


def double(x: int) -> int:
    return x * 2


def numbers(n: int) -> list[int]:
    return list(range(n))


def pipeline():
    return [double(x) for x in numbers(0)] + [1]
