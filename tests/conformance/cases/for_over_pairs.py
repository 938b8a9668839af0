"""For over pairs."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(xs: list[int] = [1, 2, 3]):
    out = []
    for i, x in enumerate(xs):
        out.append(add(i, x))
    return out
