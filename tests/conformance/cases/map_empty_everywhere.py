"""Empty lists from every source give empty results, and what follows runs (semantics 11)."""

RUNS = [{}, {"xs": [1]}]


def nothing() -> list[int]:
    return []


def double(x: int) -> int:
    return x * 2


def total(values: list[int]) -> int:
    return sum(values)


def pipeline(xs: list[int] = []):
    a = [double(x) for x in xs]
    b = [double(x) for x in nothing()]
    c = [double(x) for x in a]
    d = {x: double(x) for x in b}
    for x in xs:
        double(x)
    return a, b, c, d, total(a), total([double(x) for x in c]), [double(x) for x in []]
