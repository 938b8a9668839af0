"""Names bound before, in one arm, in both: each merges to what Python has."""

RUNS = [{}, {"flag": False}]


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(flag: bool = True):
    a = b = c = add(0)
    if flag:
        a = add(a)
        b = add(a)
        only = 1
    else:
        c = add(c, 10)
        b, a = a, b
        only = 2
    a, c = c, a
    return a, b, c, only
