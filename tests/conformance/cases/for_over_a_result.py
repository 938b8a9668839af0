"""For over a result."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def double(x: int) -> int:
    return x * 2


def numbers(n: int) -> list[int]:
    return list(range(n))


def pipeline(n: int = 2):
    out = []
    for x in numbers(n):
        out.append(double(x))
    return out
