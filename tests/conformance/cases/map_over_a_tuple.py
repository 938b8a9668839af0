"""Map over a tuple."""


def double(x: int) -> int:
    return x * 2


def pipeline():
    return [double(x) for x in (1, 2)]
