"""Big integers."""


def add(a: int, b: int = 1) -> int:
    return a + b


def double(x: int) -> int:
    return x * 2


def pipeline():
    return double(2**100 + 1), add(9007199254740993)
