"""Integers of any size, past the 53 bits of a double (semantics 37: everything else rounds)."""

RUNS = [
    {},
    {"n": -1606938044258990275541962092341162602522202993782792835301376},
    {"n": 9007199254740993},
]


def show(value: int) -> str:
    return f"{type(value).__name__} {value}"


def power(value: int) -> int:
    return value**3


def pipeline(n: int = 9007199254740993):
    return show(n), power(n), show(power(n)), [show(m) for m in [n, n + 1, 2**64]]
