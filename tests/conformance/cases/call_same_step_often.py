"""One function called many times; nothing of one call is taken for another's."""


def add(a: int, b: int) -> int:
    return a + b


def pipeline(n: int = 0):
    a = add(n, 1)
    b = add(n, 1)
    c = add(a, b)
    a = add(c, a)
    add(a, a)
    return a, b, c, add(n, 1)
