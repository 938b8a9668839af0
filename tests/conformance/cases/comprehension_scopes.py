"""Targets of comprehensions are names of their own; nested ones read the outer."""


def add(a: int, b: int) -> int:
    return a + b


def pipeline(x: int = 5, xs: list[int] = [1, 2]):
    ys = [add(x, 0) for x in xs]
    zs = [y for y in [add(x, z) for z in xs] if y > 6]
    return x, ys, zs
