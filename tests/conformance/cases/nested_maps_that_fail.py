"""A turn of the inner of two maps raises; a fallback of its own, and the run's failure."""

RUNS = [{}, {"xs": [0, 1], "stop": 9}, {"xs": [], "stop": 9}]


def numbers(n: int) -> list[int]:
    return list(range(n))


def invert(a: int, b: int, stop: int) -> float:
    if a == stop:
        raise LookupError(f"stopped at {a}")
    return a / b


def pipeline(xs: list[int] = [1, 2], stop: int = 2):
    out = []
    for x in xs:
        try:
            row = [invert(x, y + 1, stop) for y in numbers(x)]
        except ZeroDivisionError:
            row = []
        out.append(row)
    return out
