"""Chained maps: each reads the one before, with zip of two gathered lists."""

RUNS = [{}, {"xs": []}]


def double(x: int) -> int:
    return x * 2


def join(a: int, b: int, i: int) -> str:
    return f"{a}-{b}-{i}"


def pipeline(xs: list[int] = [1, 2, 3]):
    a = [double(x) for x in xs]
    b = [double(x) for x in a if x > 2]
    c = [join(x, y, i) for i, (x, y) in enumerate(zip(a, b))]
    return c, {k: double(v) for k, v in zip(c, b)}, [double(x) for x in sorted(a + b)[1:]]
