# /// script
# [tool.headrace]
# pipelines = ["safe"]
# ///
"""A map over a sub-pipeline that handles its own exceptions, and early returns from them."""

RUNS = [{}, {"xs": [0]}, {"xs": []}]


def invert(x: int) -> float:
    return 1 / x


def name(y: float) -> str:
    return f"{y:.2f}"


def safe(x: int):
    if x < 0:
        return "negative"
    try:
        y = invert(x)
    except ZeroDivisionError:
        return "zero"
    return name(y)


def pipeline(xs: list[int] = [2, 0, -1, 4]):
    return {x: safe(x) for x in xs}
