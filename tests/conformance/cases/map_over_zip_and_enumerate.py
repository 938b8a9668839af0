"""Maps over `zip` and `enumerate` of parameters, results and constants, of unequal lengths."""


def numbers(n: int) -> list[int]:
    return list(range(n))


def join(i: int, x: int, y: str = "") -> str:
    return f"{i}{x}{y}"


RUNS = [{}, {"n": 0}, {"n": 1}]


def pipeline(n: int = 3, names: list[str] = ["a", "b"]):
    xs = numbers(n)
    return (
        [join(x, 0, y) for x, y in zip(xs, names)],
        [join(i, x) for i, x in enumerate(xs, start=5)],
        [join(i, x, y) for i, (x, y) in enumerate(zip(xs, names))],
        [join(x, y) for x, y in zip(xs, range(10))],
    )
