"""Names assigned again and again, in and out of branches and maps."""

RUNS = [{}, {"n": -1}]


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(n: int = 1):
    n = add(n)
    n = add(n, n)
    if n > 0:
        n = add(n)
        n += 1
    xs = [n for n in [add(n), n]]
    n, m = xs
    n -= m
    return n, m, xs
