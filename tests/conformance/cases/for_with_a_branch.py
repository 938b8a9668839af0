"""For with a branch."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def add(a: int, b: int = 1) -> int:
    return a + b


def double(x: int) -> int:
    return x * 2


def pipeline(xs: list[int] = [1, 2, 3]):
    out = []
    for x in xs:
        if x > 1:
            y = double(x)
        else:
            y = add(x)
        out.append(y)
    return out
