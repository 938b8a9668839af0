"""A step that always fails, and the handler's value in its place (semantics 36)."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def fail(x: int) -> int:
    raise ValueError(x)


def pipeline(n: int = 2):
    try:
        y = fail(n)
    except ValueError:
        y = 5
    return y
