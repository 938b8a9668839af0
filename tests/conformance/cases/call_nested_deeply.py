"""Calls within calls, evaluated from left to right."""


def add(a: int, b: int) -> int:
    return a + b


def pipeline(n: int = 1):
    return add(add(add(n, 2), add(3, add(n, n))), add(n, 4)) * add(1, 1)
