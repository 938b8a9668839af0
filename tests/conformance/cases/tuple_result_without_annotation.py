"""Tuple result without annotation."""


def loose(x: int):
    return x, str(x)


def pipeline():
    a, b = loose(3)
    return {"a": a, "b": b}
