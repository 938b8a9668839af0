"""Map over enumerate."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(xs: list[int] = [1, 2, 3]):
    return [add(i, x) for i, x in enumerate(xs)]
