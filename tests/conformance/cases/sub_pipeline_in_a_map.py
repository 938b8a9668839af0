# /// script
# [tool.headrace]
# pipelines = ["inner"]
# ///
"""Sub-pipeline in a map."""

RUNS = [{}, {"xs": [5]}, {"xs": []}]


def add(a: int, b: int = 1) -> int:
    return a + b


def double(x: int) -> int:
    return x * 2


def inner(x: int, scale: int = 2):
    y = double(x)
    if y > 4:
        return add(y, scale)
    return y * scale


def pipeline(xs: list[int] = [1, 2, 3]):
    return [inner(x) for x in xs]
