"""`try` in the inner of two maps: each turn falls back by itself."""

RUNS = [{}, {"ns": []}, {"ns": [0]}]


def invert(a: int, b: int) -> float:
    return a / b


def pipeline(ns: list[int] = [0, 1, 2]):
    out = []
    for a in ns:
        row = []
        for b in ns:
            try:
                y = invert(a, b)
            except ZeroDivisionError:
                y = None
            row.append(y)
        out.append(row)
    return out
