"""A gate in the body of a map: the first item in order that fails it gives the error."""

RUNS = [{}, {"xs": [1]}, {"xs": []}]


def double(x: int) -> int:
    return x * 2


def pipeline(xs: list[int] = [1, 5, 6]):
    out = []
    for x in xs:
        y = double(x)
        assert y < 8, f"{y} is too large"
        out.append(double(y))
    return out
