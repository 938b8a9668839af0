"""Branches three deep; each level merges names of its own."""

RUNS = [{}, {"n": 1}, {"n": 2}, {"n": 3}, {"n": 9}]


def add(a: int, b: int) -> int:
    return a + b


def pipeline(n: int = 0):
    level, y = 0, n
    if n > 0:
        level = 1
        if add(n, 0) > 1:
            level = add(level, 1)
            if add(n, 0) > 2:
                level = add(level, 1)
                y = -n
            elif n == 2:
                y = add(n, 100)
        else:
            y = add(n, 10)
    return level, y
