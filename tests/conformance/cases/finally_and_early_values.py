"""Values that the body of a `try` with `finally` makes are read after it, and in the cleanup."""

RUNS = [{}, {"n": 4}]


def double(n: int) -> int:
    return n * 2


def clean(what: object) -> str:
    return f"cleaned {what}"


def pipeline(n: int = 1):
    base = double(n)
    try:
        y = double(base)
        zs = [double(x) for x in [n, base]]
    finally:
        note = clean(base)
    return y, zs, note
