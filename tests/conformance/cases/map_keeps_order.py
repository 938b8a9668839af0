"""Results are gathered in the order of the items, though early ones end late (semantics 15)."""

import time


def slow(x: int) -> int:
    time.sleep(0.02 * (3 - x))
    return x * 10


def pipeline(xs: list[int] = [1, 2, 3]):
    return [slow(x) for x in xs], {str(x): slow(x) for x in xs}
