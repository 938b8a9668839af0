"""Try its base."""

RUNS = [{}, {"n": 7}, {"n": 0}]


class Small(ValueError):
    def __init__(self, n: int, why: str):
        super().__init__(n, why)


def small(x: int) -> int:
    raise Small(x, "it is")


def pipeline(n: int = 2):
    try:
        y = small(n)
    except ValueError as e:
        y = e.args
    return y
