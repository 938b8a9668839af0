"""A list longer than what an engine moves inline."""


def numbers(count: int) -> list[int]:
    return list(range(count))


def total(values: list[int]) -> int:
    return sum(values)


def pipeline(count: int = 20_000):
    values = numbers(count)
    return total(values), len(values), values[-1]
