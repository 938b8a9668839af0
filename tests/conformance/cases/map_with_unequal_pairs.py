"""Map with unequal pairs."""


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline():
    return [add(x, y) for x, y in [[1, 2], [3]]]
