"""Generators inside join, sum, sorted, list, tuple, dict and max, with steps in them."""


def word(n: int) -> str:
    return "abc"[n % 3] * n


RUNS = [{}, {"ns": [5, 4]}]


def pipeline(ns: list[int] = [3, 1, 2]):
    return (
        ",".join(word(n) for n in ns),
        sorted(word(n) for n in ns),
        list(word(n) for n in ns),
        tuple(word(n) for n in ns),
        dict((n, word(n)) for n in ns),
        max(word(n) for n in ns),
        min(word(n) for n in ns),
    )
