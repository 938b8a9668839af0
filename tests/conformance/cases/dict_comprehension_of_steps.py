"""Keys and values of a dict comprehension both from steps; equal keys keep the last value."""


def key(x: int) -> str:
    return "even" if x % 2 == 0 else "odd"


def value(x: int) -> int:
    return x * 10


RUNS = [{}, {"xs": []}]


def pipeline(xs: list[int] = [1, 2, 3]):
    return {key(x): value(x) for x in xs if value(x) > 0}
