"""Map over two lists."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def add(a: int, b: int = 1) -> int:
    return a + b


def pipeline(xs: list[int] = [1, 2, 3]):
    return [add(x, y) for x in xs for y in [10, 20] if x != 2]
