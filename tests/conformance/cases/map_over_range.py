"""Map over range."""


def double(x: int) -> int:
    return x * 2


def pipeline():
    return [double(i) for i in range(3)]
