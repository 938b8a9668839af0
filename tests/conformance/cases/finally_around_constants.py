"""A cleanup of a block that comes to constants."""


def step(xs: list[int]) -> int:
    return len(xs)


def pipeline(n: int = 1):
    try:
        b = [] + []
    finally:
        c = step([n])
    return b, c
