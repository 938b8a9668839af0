"""Filters over several loop variables, with steps and glue mixed."""


def big(i: int, x: int) -> bool:
    return i + x > 3


def add(a: int, b: int) -> int:
    return a + b


RUNS = [{}, {"xs": []}]


def pipeline(xs: list[int] = [3, 0, 5]):
    return (
        [add(i, x) for i, x in enumerate(xs) if i % 2 == 0 if big(i, x)],
        {i: add(x, 1) for i, x in enumerate(xs) if x},
        [x for x in xs if big(0, x)],
    )
