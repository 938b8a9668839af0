"""Sets and frozen sets arrive as sets."""


def make() -> tuple[set[int], frozenset[str]]:
    return {3, 1, 2}, frozenset({"x"})


def show(value: object) -> str:
    return f"{type(value).__name__} {sorted(value)}"


def pipeline():
    numbers, names = make()
    return show(numbers), show(names), 3 in numbers, len(names)
