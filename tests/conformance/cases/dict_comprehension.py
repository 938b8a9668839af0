"""Dict comprehension."""


def numbers(n: int) -> list[int]:
    return list(range(n))


def pipeline():
    return {str(x): x * 2 for x in numbers(3)}
