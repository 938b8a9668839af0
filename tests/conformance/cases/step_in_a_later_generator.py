"""Step in a later generator."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def add(a: int, b: int = 1) -> int:
    return a + b


def numbers(n: int) -> list[int]:
    return list(range(n))


def pipeline(xs: list[int] = [1, 2, 3]):
    return [add(x, y) for x in xs for y in numbers(x)]
