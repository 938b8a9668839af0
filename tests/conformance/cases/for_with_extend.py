"""For with extend."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def numbers(n: int) -> list[int]:
    return list(range(n))


def pipeline(xs: list[int] = [1, 2, 3]):
    out = []
    for x in xs:
        out.extend(numbers(x))
    return out
