"""Append outside of loops."""

RUNS = [{}, {"n": 7, "flag": False}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


def double(x: int) -> int:
    return x * 2


def pipeline(n: int = 2, flag: bool = True):
    out = []
    out.append(add(1))
    if flag:
        out.append(double(n))
    return out
