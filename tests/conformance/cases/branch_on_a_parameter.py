"""Branch on a parameter."""

RUNS = [{}, {"flag": False}]


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(flag: bool = True):
    if flag:
        y = add(1)
    else:
        y = 5
    return y
