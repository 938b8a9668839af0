"""Sum over constants."""


def double(x: int) -> int:
    return x * 2


def pipeline():
    s = 0
    for x in (1, 2, 3):
        s += double(x)
    return s
