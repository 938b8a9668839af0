"""A branch for its effect only, and an empty arm."""

RUNS = [{}, {"n": 5}]


def check(n: int) -> None:
    if n > 4:
        raise ValueError(f"{n} is too much")


def pipeline(n: int = 1):
    if n > 2:
        check(n)
    else:
        pass
    return n
