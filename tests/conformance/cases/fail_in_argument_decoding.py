"""A step that is called with what it does not take fails with its own exception."""


def strict(n: int) -> int:
    if not isinstance(n, int):
        raise TypeError(f"{n!r} is no int")
    return n


def anything():
    return "x"


def pipeline():
    return strict(anything())
