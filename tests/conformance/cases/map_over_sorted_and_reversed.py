"""Maps over `sorted`, `reversed`, `set`-free views and slices of results."""


def numbers(n: int) -> list[int]:
    return [n, 1, 3, 2]


def show(x: int) -> str:
    return f"<{x}>"


def pipeline(n: int = 9):
    xs = numbers(n)
    return (
        [show(x) for x in sorted(xs)],
        [show(x) for x in list(reversed(xs))],
        [show(x) for x in xs[1:]],
        [show(x) for x in xs + [0]],
    )
