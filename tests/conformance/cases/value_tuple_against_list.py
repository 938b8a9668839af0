"""A tuple is not a list, inside other values too."""


def make() -> tuple[list[int], tuple[int, ...], list[tuple[int, int]]]:
    return [1], (2, 3), [(4, 5)]


def show(value: object) -> str:
    return repr(value)


def pipeline():
    a, b, c = make()
    return show(a), show(b), show(c), [show(v) for v in [a, b, c]], show((a, [b])), show(c[0])
