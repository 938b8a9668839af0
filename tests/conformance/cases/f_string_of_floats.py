"""F-string of floats."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def pipeline(n: int = 2):
    return f"{n / 3:.3f}|{n!s:>5}|{n}"
