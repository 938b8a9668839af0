"""A sub-pipeline and its steps."""

SCALE = 3


def scale(x: int) -> int:
    return x * SCALE


def name(x: int) -> str:
    return f"n{x}"


def prepare(x: int):
    y = scale(x)
    return name(y) if y > SCALE else "small"
