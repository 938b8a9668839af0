"""What follows a branch that was not taken runs (semantics 1, 2 and 35)."""

RUNS = [{}, {"flag": True}]


def double(x: int) -> int:
    return x * 2


def pipeline(n: int = 3, flag: bool = False):
    y = n
    if flag:
        y = double(n)
        double(y)
    return double(y)
