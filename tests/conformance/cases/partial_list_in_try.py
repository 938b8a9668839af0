"""What was appended before the exception stays in the list."""

RUNS = [{}, {"n": 1}]


def invert(n: int) -> float:
    return 1 / n


def pipeline(n: int = 0):
    out = []
    try:
        out.append(invert(2))
        out.append(invert(n))
        out.append(invert(4))
    except ZeroDivisionError:
        out.append(-1.0)
    return out
