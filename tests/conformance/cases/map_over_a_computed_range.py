"""Map over a computed range."""


def add(a: int, b: int = 1) -> int:
    return a + b


def double(x: int) -> int:
    return x * 2


def pipeline():
    return [double(i) for i in range(add(1))]
