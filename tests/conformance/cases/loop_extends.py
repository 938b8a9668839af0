"""`extend` and `+=` in loops, with steps' lists of different lengths."""

RUNS = [{}, {"xs": [0, 0]}, {"xs": []}]


def numbers(n: int) -> list[int]:
    return list(range(n))


def pipeline(xs: list[int] = [2, 0, 1]):
    flat = [-1]
    twice = []
    for x in xs:
        flat.extend(numbers(x))
        twice += [x, *numbers(x)]
    return flat, twice
