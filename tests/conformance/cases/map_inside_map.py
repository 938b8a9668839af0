"""A map within a map, over what the outer turn made (semantics 14); some inner ones are empty."""

RUNS = [{}, {"xs": []}, {"xs": [0]}]


def numbers(n: int) -> list[int]:
    return list(range(n))


def add(a: int, b: int) -> int:
    return a + b


def total(values: list[int]) -> int:
    return sum(values)


def pipeline(xs: list[int] = [2, 0, 1]):
    return [total([add(x, y) for y in numbers(x)]) for x in xs]
