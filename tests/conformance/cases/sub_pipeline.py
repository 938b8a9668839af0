# /// script
# [tool.headrace]
# pipelines = ["inner"]
# ///
"""Sub-pipeline."""

RUNS = [{}, {"n": 7}, {"n": 0}]


def add(a: int, b: int = 1) -> int:
    return a + b


def double(x: int) -> int:
    return x * 2


def inner(x: int, scale: int = 2):
    y = double(x)
    if y > 4:
        return add(y, scale)
    return y * scale


def pipeline(n: int = 2):
    return inner(n, scale=3)
