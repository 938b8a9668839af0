"""For with two lists."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def add(a: int, b: int = 1) -> int:
    return a + b


def double(x: int) -> int:
    return x * 2


def pipeline(xs: list[int] = [1, 2, 3]):
    a, b = [], []
    a = []
    b = []
    for x in xs:
        y = double(x)
        a.append(y)
        b.append(add(y, x))
    return a, b
