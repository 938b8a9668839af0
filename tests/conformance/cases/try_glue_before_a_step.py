"""Try glue before a step."""

RUNS = [{}, {"n": 7, "xs": [5]}, {"n": 0, "xs": []}]


def picky(x: int) -> int:
    if x == 2:
        raise ValueError(f"not {x}")
    return x


def pipeline(n: int = 2, xs: list[int] = [1, 2, 3]):
    try:
        y = xs[2] + picky(n)
    except IndexError:
        y = -1
    except ValueError:
        y = -2
    return y
