"""Two loops add."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def double(x: int) -> int:
    return x * 2


def pipeline(xs: list[int] = [1, 2, 3]):
    out = []
    for x in xs:
        out.append(double(x))
    for x in xs:
        out.append(x)
    return out
