"""A map within a branch within a map."""

RUNS = [{}, {"xs": [0]}, {"xs": []}]


def numbers(n: int) -> list[int]:
    return list(range(n))


def add(a: int, b: int) -> int:
    return a + b


def pipeline(xs: list[int] = [2, 0, 3], floor: int = 1):
    out = []
    for x in xs:
        if x > floor:
            ys = [add(x, y) for y in numbers(x)]
        else:
            ys = [x]
        out.append(ys)
    return out
