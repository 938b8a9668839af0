"""The body of a map reads what stands outside: parameters, results, constants."""

OFFSET = 100


def base(n: int) -> int:
    return n * 10


def add(a: int, b: int, c: int = 0) -> int:
    return a + b + c


def pipeline(n: int = 1, xs: list[int] = [1, 2]):
    b = base(n)
    return [add(add(x, b), n, c=OFFSET) for x in xs], [add(b, n) for _ in xs]
