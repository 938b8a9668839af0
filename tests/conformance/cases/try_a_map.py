"""Try a map."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def picky(x: int) -> int:
    if x == 2:
        raise ValueError(f"not {x}")
    return x


def pipeline(xs: list[int] = [1, 2, 3]):
    try:
        ys = [picky(x) for x in xs]
    except ValueError as e:
        ys = [str(e)]
    return ys
