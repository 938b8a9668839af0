"""Two lists made in one assignment, and added to in a loop."""


def double(x: int) -> int:
    return 2 * x


def pipeline(xs: list[int] = [1, 2, 3]):
    small, large = [], []
    for x in xs:
        if double(x) < 4:
            small.append(x)
        else:
            large.append(double(x))
    return small, large


RUNS = [{}, {"xs": []}]
