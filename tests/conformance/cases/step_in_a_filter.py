"""Step in a filter."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def double(x: int) -> int:
    return x * 2


def big(x: int) -> bool:
    return x > 2


def pipeline(xs: list[int] = [1, 2, 3]):
    return [double(x) for x in xs if big(x)]
