"""An exception that no handler takes fails the run, after `finally` and not `else`."""

RUNS = [{}, {"n": 0}]


def invert(n: int) -> float:
    return 1 / n


def parse(text: str) -> int:
    return int(text)


def pipeline(n: int = 2, text: str = "x"):
    try:
        y = invert(n)
        z = parse(text)
    except ZeroDivisionError:
        y, z = 0.0, 1
    else:
        z = 5
    return y, z
