"""Dict of parameters."""


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline():
    d = {"a": 1, "b": 2}
    return {k: add(v) for k, v in d.items()}
