"""For in for with inner list."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(xs: list[int] = [1, 2, 3]):
    out = []
    for x in xs:
        row = []
        for y in [1, 2]:
            row.append(add(x, y))
        out.append(row)
    return out
