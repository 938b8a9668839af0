"""Map over a text."""


def double(x: str) -> str:
    return x * 2


def pipeline():
    return [double(k) for k in "ab"]
