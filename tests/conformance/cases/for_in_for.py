"""For in for."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(xs: list[int] = [1, 2, 3]):
    out = []
    for x in xs:
        for y in [1, 2]:
            out.append(add(x, y))
    return out
