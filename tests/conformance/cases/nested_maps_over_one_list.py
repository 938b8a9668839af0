"""A grid: the inner list is made once outside, and its values are used on both levels."""

RUNS = [{}, {"n": 0}, {"n": 1}]


def numbers(n: int) -> list[int]:
    return list(range(n))


def multiply(a: int, b: int, c: int) -> int:
    return (a + 1) * (b + 2) * c


def best(values: list[int]) -> int | None:
    return max(values, default=None)


def pipeline(n: int = 3, factor: int = 10):
    ys = numbers(n)
    scaled = multiply(n, n, factor)
    grid = [[multiply(x, y, factor + scaled) for y in ys] for x in ys]
    return grid, best([value for row in grid for value in row]), [[x for y in ys] for x in ys]
