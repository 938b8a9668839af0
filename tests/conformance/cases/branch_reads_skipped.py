"""A value of the arm not taken is never read (semantics 4 and 5)."""

RUNS = [{}, {"n": 5}]


def fail(n: int) -> int:
    raise RuntimeError("never")


def rows(n: int) -> list[int]:
    return [n]


def same(x: int) -> int:
    return x


def pipeline(n: int = 1):
    xs = rows(n)
    if n == 0:
        y = fail(xs[7])
        z = [fail(x) for x in rows(y)]
    else:
        y = same(xs[0])
        z = [same(x) for x in xs]
    return y, z
