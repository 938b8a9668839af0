"""Arithmetic, bits, comparisons and identity over results of steps."""


def number(n: int) -> int:
    return n


RUNS = [{}, {"n": -7}, {"n": 0}]


def pipeline(n: int = 7):
    x, y = number(n), number(3)
    return (
        [x + y, x - y, x * y, x / y, x // y, x % y, x**y, -x, +x, ~x],
        [x & y, x | y, x ^ y, x << y, x >> 1],
        [x < y, x <= y, x == y, x != y, x > y, x >= y, not x],
        [x in [1, 7], x not in (3, y), (x or y), (x and y), 1 if x else 2],
        divmod(x, y),
    )
