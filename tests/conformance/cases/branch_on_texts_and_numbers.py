"""Comparisons keep their types: "10" < "9" as texts, 10 > 9 as numbers (semantics 8)."""

RUNS = [{}, {"a": 9, "b": "10", "c": 1e300}]


def number(a: int) -> int:
    return a


def word(b: str) -> str:
    return b


def mark(what: str) -> str:
    return what.upper()


def pipeline(a: int = 10, b: str = "9", c: float = 10.0):
    first = mark("larger") if number(a) > 9 else "smaller"
    second = mark("before") if word(b) < "9" else "after"
    third = mark("equal") if number(a) == c else "not"
    return first, second, third
