"""For with equal keys."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def double(x: int) -> int:
    return x * 2


def pipeline(xs: list[int] = [1, 2, 3]):
    out = {"b": 0}
    for x in xs:
        out[str(x % 2)] = double(x)
    return out
