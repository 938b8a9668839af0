"""Map without steps."""

RUNS = [{}, {"n": 7, "xs": [5]}, {"n": 0, "xs": []}]


def pipeline(n: int = 2, xs: list[int] = [1, 2, 3]):
    return [x * n for x in xs if x]
