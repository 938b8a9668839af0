# /// script
# [tool.headrace.steps.picky]
# retries = { limit = 1, delay = 0 }
# ///
"""A step that fails each time fails the run with its own exception (semantics 21, 26 and 27)."""

RUNS = [{}, {"bad": 5}]


def picky(x: int, bad: int) -> int:
    if x == bad:
        raise ValueError(f"item {x}")
    return x


def pipeline(xs: list[int] = [1, 2, 3], bad: int = 2):
    return sum([picky(x, bad) for x in xs])
