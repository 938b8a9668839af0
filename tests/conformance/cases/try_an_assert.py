"""Try an assert."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(n: int = 2):
    try:
        assert n > 2, "small"
        y = add(n)
    except AssertionError as e:
        y = str(e)
    return y
