"""Names of builtins."""


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline():
    sum = add(1)
    return sum + 1
