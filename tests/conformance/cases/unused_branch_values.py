"""Names that only one arm uses, temporary names in arms, and a dead arm."""

RUNS = [{}, {"n": 9}]


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(n: int = 1):
    t = add(n, 100)
    if n > 3:
        tmp = add(n)
        y = add(tmp, t)
    elif False:
        y = add(0)
    else:
        tmp = "x" * n
        y = tmp
    return y
