"""Last turn."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(n: int = 2):
    for i in range(3):
        x = add(i, n)
    return x, i
