"""Assert without text."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def pipeline(n: int = 2):
    assert n
    return 1
