"""Handlers within handlers under one name."""

RUNS = [{}, {"n": 1}]


def invert(n: int) -> float:
    return 1 / n


def parse(t: str) -> int:
    return int(t)


def pipeline(n: int = 0):
    try:
        y = invert(n)
    except ZeroDivisionError as e:
        first = str(e)
        try:
            y = parse(first)
        except ValueError as e:
            y = f"{e} after {first}"
    else:
        y = [y]
    return y
