"""A set of numbers keeps the order that Python has it in, on its way between steps."""


def make() -> set[int]:
    return {8, 0, 16, 3, -2}


def same(values: set[int]) -> set[int]:
    return values


def show(values: set[int], value: int) -> str:
    return f"{list(values)} {value}"


def pipeline():
    numbers = same(make())
    return list(numbers), [show(numbers, number) for number in numbers]
