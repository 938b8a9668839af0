"""A loop over `range(len(xs))` with subscripts."""

RUNS = [{}, {"xs": []}]


def add(a: int, b: int) -> int:
    return a + b


def pipeline(xs: list[int] = [3, 4]):
    out = []
    for i in range(len(xs)):
        out.append(add(xs[i], i))
    return out
