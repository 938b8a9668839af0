"""Gathered lists whose elements are lists, texts, numbers, dicts, None (engines re-encode them)."""


def make(n: int) -> object:
    return [[n], str(n), n * 1.0, {"n": n}, None, (n,), "[1, 2]", "1", 10**20][n]


def show(value: object) -> str:
    return repr(value)


def pipeline(ns: list[int] = [0, 1, 2, 3, 4, 5, 6, 7, 8]):
    values = [make(n) for n in ns]
    return [show(v) for v in values], show(values)
