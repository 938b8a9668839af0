"""For with append after others."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def double(x: int) -> int:
    return x * 2


def pipeline(xs: list[int] = [1, 2, 3]):
    out = [0]
    for x in xs:
        out.append(double(x))
    return out
