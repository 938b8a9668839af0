"""Conditional expressions, comparisons and displays with steps as arguments of a step."""

RUNS = [{}, {"n": 5}]


def add(a: int, b: int) -> int:
    return a + b


def fail(n: int) -> int:
    raise RuntimeError("never")


def show(value: object) -> str:
    return repr(value)


def pipeline(n: int = 1):
    return (
        add(add(n, 1) if n < 3 else n, 10),
        show([add(n, 0), (add(n, 1),), {"k": add(n, 2)}]),
        show(n < 3 or add(n, 1) > 5),
        show(n > 100 and fail(n)),
    )
