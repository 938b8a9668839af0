"""Stars in displays."""

RUNS = [{}, {"n": 7, "xs": [5]}, {"n": 0, "xs": []}]


def add(a: int, b: int = 1) -> int:
    return a + b


def numbers(n: int) -> list[int]:
    return list(range(n))


def pipeline(n: int = 2, xs: list[int] = [1, 2, 3]):
    return [*xs, add(n), *numbers(2)], (*xs, 1), {**{"a": 1}, "b": add(1)}
