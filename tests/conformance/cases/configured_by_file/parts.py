"""A sub-pipeline and its step."""


def double(x: int) -> int:
    return x * 2


def prepare(n: int):
    y = double(n)
    if y > 4:
        y = double(y)
    return y
