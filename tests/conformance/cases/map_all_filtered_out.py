"""Every item is filtered out: an empty result, and what follows runs (semantics 12)."""

RUNS = [{}, {"floor": 2}]


def double(x: int) -> int:
    return x * 2


def big(x: int, floor: int) -> bool:
    return x > floor


def total(values: list[int]) -> int:
    return sum(values)


def pipeline(xs: list[int] = [1, 2, 3], floor: int = 10):
    kept = [double(x) for x in xs if big(x, floor)]
    plain = [double(x) for x in xs if x > floor]
    return kept, plain, total(kept)
