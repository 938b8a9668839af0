"""Try a raise."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


class Small(ValueError):
    def __init__(self, n: int, why: str):
        super().__init__(n, why)


def pipeline(n: int = 2):
    try:
        if n > 2:
            raise Small(n, why="x")
        y = add(n)
    except Small as e:
        y = e.args
    return y
