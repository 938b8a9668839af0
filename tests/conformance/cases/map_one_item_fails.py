"""One item of a map fails: the run fails with its exception (semantics 17)."""

RUNS = [{}, {"bad": 5}]


def picky(x: int, bad: int) -> int:
    if x == bad:
        raise ValueError(f"item {x}")
    return x


def total(values: list[int]) -> int:
    return sum(values)


def pipeline(xs: list[int] = [1, 2, 3], bad: int = 2):
    return total([picky(x, bad) for x in xs])
