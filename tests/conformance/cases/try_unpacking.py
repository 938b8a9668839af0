"""Try unpacking."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def loose(x: int):
    return x, str(x)


def pipeline(n: int = 2):
    try:
        a, b, c = loose(n)
    except ValueError as e:
        a = str(e)
    return a
