"""`or` and `and` give their operands, not booleans."""

RUNS = [{}, {"n": 0}]


def number(n: int) -> int:
    return n


def name(n: int) -> str:
    return f"n{n}"


def pipeline(n: int = 3):
    return number(n) or name(n), number(n) and name(n), number(n) or None or name(1), name(n) and 0
