"""A failed turn fails the run, though the last step does not need it (semantics 17 and 35)."""

RUNS = [{}, {"bad": 5}, {"xs": []}]


def picky(x: int, bad: int) -> int:
    if x == bad:
        raise ValueError(f"item {x}")
    return x


def double(x: int) -> int:
    return x * 2


def pipeline(xs: list[int] = [1, 2, 3], bad: int = 2):
    for x in xs:
        unused = picky(x, bad)
    if bad > 0:
        ignored = picky(0, -bad)
    return double(bad)
