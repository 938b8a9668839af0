"""A map of many turns over a result, gathered, and mapped over again (semantics 13)."""


def numbers(n: int) -> list[int]:
    return list(range(n))


def square(x: int) -> int:
    return x * x


def pipeline(n: int = 40):
    squares = [square(x) for x in numbers(n)]
    return sum([square(x) for x in squares]), squares[-1]
