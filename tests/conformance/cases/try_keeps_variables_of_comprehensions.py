"""A comprehension in a try keeps its variables to itself."""


def numbers(n: int) -> list[int]:
    return list(range(n))


def pipeline(i: int = 7):
    try:
        c = [numbers(i) for i in [1, 2]]
        d = numbers(i)
        e = [1 for i in numbers(i) if i]
        f = {i: numbers(i) for i in numbers(2)}
    except KeyError:
        return []
    return c, d, e, f, i


RUNS = [{}, {"i": 0}]
