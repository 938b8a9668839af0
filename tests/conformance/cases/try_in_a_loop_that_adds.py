"""Try in a loop that adds."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def picky(x: int) -> int:
    if x == 2:
        raise ValueError(f"not {x}")
    return x


def pipeline(xs: list[int] = [1, 2, 3]):
    out = []
    for x in xs:
        try:
            out.append(picky(x))
        except ValueError:
            out.append("bad")
    return out
